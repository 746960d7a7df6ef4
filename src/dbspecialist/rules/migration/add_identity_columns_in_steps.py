"""A numbering column added to a filled table makes the engine write the table anew.

## What it does
Looks for tables that are rewritten because a serial or identity column is added.

## Why it matters
Every row gets its own number, so every row is written under ACCESS EXCLUSIVE: no read and no
write passes until the table and its indexes are there again.

## Example
    ALTER TABLE orders ADD COLUMN number bigserial;

## Use instead
    CREATE SEQUENCE orders_number_seq;
    ALTER TABLE orders ADD COLUMN number bigint;
    ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('orders_number_seq');

then number the old rows in steps that each commit, and set NOT NULL by a validated constraint.

## What proves it
The engine reports the rewrite and its reason; the fix is run on the twin.

## Source
PostgreSQL manual, "ALTER TABLE", section "Notes"; "CREATE TABLE", "GENERATED AS IDENTITY".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import added_columns, is_serial, part
from dbspecialist.rules.migration._rewrites import rewrite_finding
from dbspecialist.rules.migration._sequences import backfill, set_not_null, single_action
from dbspecialist.rules.migration._tables import is_partitioned, rewritten

TITLE = "Add numbering columns to filled tables in steps"
SEVERITY = "error"
ENGINES = ("postgresql",)

REASON = "a default must be computed for every row"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each numbering column that rewrites its table."""
    for statement in trial.statements:
        for column, leaf in _numbering(trial, statement, run):
            table = column.parent
            yield rewrite_finding(
                trial,
                run,
                statement,
                (table, leaf),
                subject=f"Column {column.name} numbers every row and rewrites {table}",
                reason=REASON,
                help="add the column and its sequence, number old rows in steps, then NOT NULL",
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Add a serial column with its sequence, number the old rows in steps, and set NOT NULL.

    An identity column's sequence cannot be made beforehand, so it gets no fix.
    """
    columns = [column for column, _ in _numbering(trial, statement, run)]
    if len(columns) != 1 or not single_action(statement.sql):
        return None
    (column,) = columns
    if is_partitioned(trial.after, column.parent):
        return None
    sequence = next(
        (
            item
            for item in trial.after.of_kind("sequence")
            if item.attributes.get("owned_by") == column.name and not item.parent
        ),
        None,
    )
    if sequence is None:
        return None
    table, name = column.parent, part(column)
    type_ = column.attributes["type"]
    up = (
        f"CREATE SEQUENCE {sequence.name} AS {sequence.attributes['type']}",
        f"ALTER TABLE {table} ADD COLUMN {name} {type_}",
        f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {column.attributes['default']}",
        f"ALTER SEQUENCE {sequence.name} OWNED BY {column.name}",
    )
    down = (f"ALTER TABLE {table} DROP COLUMN {name}",)
    return (
        Phase("add the column, numbered in new rows", up, down),
        backfill(table, name, "DEFAULT"),
        *set_not_null(column, run),
    )


def _numbering(
    trial: Trial, statement: StatementEffects, run: Run
) -> Iterator[tuple[SchemaObject, str]]:
    """Yield the numbering columns that a statement adds, with the table that it rewrites."""
    for table, leaf in rewritten(trial, statement, run, REASON):
        for item in added_columns(trial, table):
            if is_serial(item.column) and item.statement is statement:
                yield item.column, leaf
