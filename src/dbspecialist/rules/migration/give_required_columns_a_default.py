"""Old code cannot insert into a table that has a new NOT NULL column without a default.

## What it does
Looks for columns that are new in the run, end NOT NULL, and have neither a default nor a number
nor an expression, on tables that were there before.

## Why it matters
While the new schema and the old code run side by side, every INSERT of the old code leaves the
column out and fails with 23502. A default that only the ORM knows does not help it.

## Example
    ALTER TABLE users ADD COLUMN country text;
    UPDATE users SET country = 'unknown';
    ALTER TABLE users ALTER COLUMN country SET NOT NULL;

## Use instead
    ALTER TABLE users ADD COLUMN country text NOT NULL DEFAULT 'unknown';

and drop the default once no old code runs.

## What proves it
The engine's catalogue after the migration: an INSERT that does not name the column gives it
NULL, which NOT NULL refuses.

## Source
PostgreSQL manual, "Default Values"; "Not-Null Constraints".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, code_evidence
from dbspecialist.rules.migration._columns import (
    added_columns,
    changed_columns,
    part,
    statement_for,
)
from dbspecialist.rules.migration._tables import before_run, is_filled, rows_error

TITLE = "Give required columns a default while old code runs"
SEVERITY = "error"
ENGINES = ("postgresql",)

NOT_NULL_VIOLATION = "23502"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new column that old code's INSERTs would have to name."""
    old = before_run(run)
    changed = (column for _, column in changed_columns(trial, "not_null"))
    for column in (*added_columns(trial), *changed):
        statement = statement_for(trial, column)
        table = run.renamed.get(column.parent, column.parent)
        if statement is None or not _is_required(column) or old.get("table", table) is None:
            continue
        if old.get("column", f"{table}.{part(column)}") or rows_error(trial, statement):
            continue
        if not is_filled(trial, run, column.parent):
            continue
        broken = broken_by(trial, part(column), NOT_NULL_VIOLATION)
        proofs = (code_evidence(run, broken),) if broken else ()
        yield Finding(
            rule="give-required-columns-a-default",
            severity=_severity(run, table),
            message=(
                f"Column {column.name} refuses every INSERT that does not name it: "
                "NOT NULL without a default (23502)"
            ),
            location=at(trial, statement),
            evidence=(seen(f"{column.name} ends NOT NULL without a default"), *proofs),
            help="keep a default in the database until no old code runs",
            relation=column.parent,
        )


def _is_required(column: SchemaObject) -> bool:
    given = {"default", "identity", "generated"} & column.attributes.keys()
    return column.attributes["not_null"] != "false" and not given


def _severity(run: Run, table: str) -> Severity:
    """Return a warning where the workload is known and never inserts into the table."""
    workload = run.snapshot.workload if run.snapshot else ()
    name = re.escape(table.rpartition(".")[2].strip('"'))
    insert = re.compile(rf'insert\s+into\s+[\w".]*\b{name}\b', re.IGNORECASE)
    inserts = [item for item in workload if insert.search(item.query)]
    return "error" if inserts or not workload else "warning"
