"""A dropped table's rows are gone, and old code that names it fails.

## What it does
Looks for dropped tables that production has rows in, and counts them. Silent where the table is
empty in production or new in the run.

## Why it matters
DROP TABLE asks nothing, and a downgrade brings back an empty table.

## Example
    DROP TABLE old_orders;

## Use instead
    ALTER TABLE old_orders RENAME TO old_orders_unused;

and DROP TABLE in a later migration, once nothing has missed it and a dump of it is kept.

## What proves it
The engine's list of dropped objects, production's row count as of the snapshot, and the
statements of the workload and of the models, planned on the twin after the migration. Functions of
the database are read for the table's name.

## Source
PostgreSQL manual, "DROP TABLE".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, code_evidence, told_routines
from dbspecialist.rules.migration._routines import Routine, is_run, naming_table
from dbspecialist.rules.migration._tables import as_at, is_filled, knows, rows_of

TITLE = "Drop tables in two steps"
SEVERITY = "error"
ENGINES = ("postgresql",)

UNDEFINED_TABLE = "42P01"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each dropped table that has rows, or that code names."""
    for statement in trial.statements:
        for table in _dropped(trial, statement):
            then = as_at(run, trial, statement, table)
            broken = broken_by(trial, table, UNDEFINED_TABLE)
            routines = _routines(run, table)
            filled = is_filled(trial, then, table)
            if not (filled or broken or is_run(routines)):
                continue
            known = knows(trial, then, table)
            rows = f"about {count(rows_of(trial, then, table))} rows" if known else "its rows"
            names = f": {told_routines(routines)}" if routines else ""
            yield finding(
                severity="error" if (known and filled) or broken else "warning",
                message=f"Table {table} goes with {rows}{names}",
                location=at(trial, statement),
                evidence=(
                    seen(f"drops {table}"),
                    _loss(trial, then, table),
                    code_evidence(run, broken),
                    *(item.proof for item in routines),
                ),
                help="rename it first, keep a dump, and drop it in a later migration",
                relation=table,
            )


def _dropped(trial: Trial, statement: StatementEffects) -> Iterator[str]:
    """Yield the dropped tables that were there before, without partitions of dropped ones."""
    for name in statement.drops:
        table = trial.before.get("table", name.removeprefix("table "))
        if not name.startswith("table ") or table is None:
            continue
        if f"table {table.attributes.get('partition_of')}" not in statement.drops:
            yield table.name


def _routines(run: Run, table: str) -> tuple[Routine, ...]:
    relations = run.trials[-1].after.of_kind("table", "view", "materialized view", "foreign table")
    return () if any(item.name == table for item in relations) else naming_table(run, table)


def _loss(trial: Trial, run: Run, table: str) -> Proof:
    claim = f"no row is lost with {table}"
    if not knows(trial, run, table):
        return Proof(claim, "unchecked", "the snapshot has no size for it")
    rows = rows_of(trial, run, table)
    if rows <= 0:
        return Proof(claim, "tested", "it is empty, as of the snapshot", 1)
    return Proof(claim, "refuted", f"{count(rows)} rows in pg_class, as of the snapshot")
