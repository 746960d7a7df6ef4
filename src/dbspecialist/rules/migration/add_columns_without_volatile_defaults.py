"""A new column whose default differs from row to row makes the engine write its table anew.

## What it does
Looks for tables that the engine rewrites because a new column's default must be computed for
every row. Numbering columns and stored generated columns are other rules'.

## Why it matters
The table is locked with ACCESS EXCLUSIVE while every row and every index is written again: no
read and no write passes. A default that is computed once (a constant, `now()`) costs nothing.

## Example
    ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();

## Use instead
    ALTER TABLE orders ADD COLUMN token uuid;
    ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();

then fill the old rows in steps that each commit.

## What proves it
The engine reports the rewrite and its reason; the fix is run on the twin.

## Source
PostgreSQL manual, "ALTER TABLE", section "Notes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import added_columns, changed_columns, is_serial, part
from dbspecialist.rules.migration._rewrites import rewrite_finding
from dbspecialist.rules.migration._sequences import backfill, set_not_null, single_action
from dbspecialist.rules.migration._tables import is_partitioned, rewritten

TITLE = "Add columns without volatile defaults"
SEVERITY = "error"
ENGINES = ("postgresql",)

REASON = "a default must be computed for every row"
DOMAIN = "a domain's constraint is tested for every row"
_HELP = "add the column without the default, set the default, fill it in steps"
_DOMAIN_HELP = (
    "add the column with the domain's own type and a NOT VALID check, and validate that later"
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is written anew for a default."""
    for statement in trial.statements:
        for table, leaf in rewritten(trial, statement, run, REASON):
            columns = _columns(trial, statement, table)
            plain = [item for item in columns if is_plain(item)]
            if columns and not plain:
                continue
            subject = f"Column {plain[0].name}" if plain else f"A new column of {table}"
            tested = bool(plain) and _of_domain(trial, plain[0])
            if tested:
                subject += f" of domain {plain[0].attributes['type']}"
            yield rewrite_finding(
                trial,
                run,
                statement,
                (table, leaf),
                subject=f"{subject} rewrites {table}",
                reason=DOMAIN if tested else REASON,
                help=_DOMAIN_HELP if tested else _HELP,
            )


def _of_domain(trial: Trial, column: SchemaObject) -> bool:
    """Tell whether a column without a default is of a domain: its constraint is tested then."""
    if column.attributes.get("default"):
        return False
    name = column.attributes["type"]
    return trial.after.get("domain", name) is not None


def _columns(trial: Trial, statement: StatementEffects, table: str) -> list[SchemaObject]:
    """Return the columns that a statement adds, or gives a new expression."""
    found = (*added_columns(trial, table), *changed_columns(trial, "expression"))
    return [
        item.column for item in found if item.statement is statement and item.column.parent == table
    ]


def is_plain(column: SchemaObject) -> bool:
    """Tell whether a column gets its value from a default that is no number of its own."""
    has_value = bool(column.attributes.get("default") or "expression" not in column.attributes)
    return has_value and not is_serial(column)


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Add the column empty, give it its default, fill it, and set NOT NULL where it was said."""
    columns = [
        item.column
        for table in statement.rewrites
        for item in added_columns(trial, table)
        if item.statement is statement
    ]
    if len(columns) != 1 or not single_action(statement.sql):
        return None
    (column,) = columns
    default = column.attributes.get("default")
    table, name = column.parent, part(column)
    if not default or not is_plain(column) or is_partitioned(trial.after, table):
        return None
    add = f"ALTER TABLE {table} ADD COLUMN {name} {column.attributes['type']}"
    phases = (
        Phase(
            "add the column with its default for new rows",
            (add, f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}"),
            (f"ALTER TABLE {table} DROP COLUMN {name}",),
        ),
        backfill(table, name, "DEFAULT"),
    )
    if column.attributes["not_null"] == "true":
        return (*phases, *set_not_null(column, run))
    return phases
