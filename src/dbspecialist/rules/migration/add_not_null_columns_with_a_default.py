"""A new NOT NULL column without a default fails on a table that has rows.

## What it does
Looks for new NOT NULL columns that the empty twin takes and a twin with rows refuses.

## Why it matters
The old rows would hold NULL: the statement fails with 23502, in production only, since a test
database is often empty.

## Example
    ALTER TABLE users ADD COLUMN country text NOT NULL;

## Use instead
    ALTER TABLE users ADD COLUMN country text NOT NULL DEFAULT 'unknown';

or add the column without NOT NULL, fill it in steps, and set NOT NULL by a validated check.

## What proves it
The statement is run on a twin with rows and refused.

## Source
PostgreSQL manual, "ALTER TABLE", ADD COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import bare
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._columns import added_columns, part
from dbspecialist.rules.migration._tables import is_filled, knows, rows_error, rows_of

TITLE = "Add NOT NULL columns with a default"
SEVERITY = "error"
ENGINES = ("postgresql",)

NOT_NULL_VIOLATION = "23502"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new column that rows make fail."""
    for item in added_columns(trial):
        column, statement = item.column, item.statement
        if column.attributes["not_null"] == "false":
            continue
        error, table = rows_error(trial, statement), column.parent
        if error is None or error.sqlstate != NOT_NULL_VIOLATION:
            continue
        if (
            not is_filled(trial, run, table, statement)
            or f'"{bare(part(column))}"' not in error.message
        ):
            continue
        known = knows(trial, run, table, statement)
        rows = f"{count(rows_of(trial, run, table, statement))} rows" if known else "any row"
        yield finding(
            severity="error" if known else "warning",
            message=(
                f"Column {column.name} is NOT NULL without a default: it fails with 23502 on "
                f"{rows} of {table}"
            ),
            location=at(trial, statement),
            evidence=(
                Proof(
                    f"the statement runs on {table} with rows",
                    "refuted",
                    f"refused on a twin with rows: {error.message}",
                ),
            ),
            help="give it a default, or add it without NOT NULL and fill it in steps",
            relation=table,
        )
