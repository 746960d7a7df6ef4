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
from dbspecialist.facts.names import bare, last
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, code_evidence
from dbspecialist.rules.migration._columns import (
    Altered,
    added_columns,
    at_end,
    changed_columns,
    part,
)
from dbspecialist.rules.migration._tables import before_run, is_filled, rows_error

TITLE = "Give required columns a default while old code runs"
SEVERITY = "error"
ENGINES = ("postgresql",)

NOT_NULL_VIOLATION = "23502"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new column that old code's INSERTs would have to name."""
    for item, column in _required(trial):
        statement = item.statement
        table = statement.names.get(item.column.parent, item.column.parent)
        if before_run(run).get("table", table) is None or rows_error(trial, statement):
            continue
        if not is_filled(trial, run, item.column.parent, statement):
            continue
        if _was_required(run, table, part(column)):
            continue
        broken = broken_by(trial, part(column), NOT_NULL_VIOLATION)
        proofs = (code_evidence(run, broken),) if broken else ()
        yield finding(
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


def _required(trial: Trial) -> Iterator[tuple[Altered, SchemaObject]]:
    """Yield the columns that the run makes and that end NOT NULL, once, as they are at the end."""
    seen_before: set[tuple[int, int]] = set()
    for item in (*added_columns(trial), *changed_columns(trial, "not_null")):
        column = at_end(trial, item)
        if item.origin is None and item.change.id not in seen_before and column is not None:
            seen_before.add(item.change.id)
            if _is_required(column):
                yield item, column


def _was_required(run: Run, table: str, name: str) -> bool:
    """Tell whether old code's INSERTs name a column of that name already: another was required."""
    before = before_run(run).get("column", f"{table}.{name}")
    return before is not None and _is_required(before)


def _is_required(column: SchemaObject) -> bool:
    given = {"default", "identity", "generated"} & column.attributes.keys()
    return column.attributes["not_null"] != "false" and not given


def _severity(run: Run, table: str) -> Severity:
    """Return a warning where the workload is known and never inserts into the table."""
    workload = run.snapshot.workload if run.snapshot else ()
    name = re.escape(bare(last(table)))
    insert = re.compile(rf'insert\s+into\s+[\w". ]*(?<![\w$]){name}(?![\w$])', re.IGNORECASE)
    inserts = [item for item in workload if insert.search(item.query)]
    return "error" if inserts or not workload else "warning"
