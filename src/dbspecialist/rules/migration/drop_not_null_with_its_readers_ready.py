"""A column that may be NULL from now on reaches code that never saw one.

## What it does
Looks for columns whose NOT NULL is dropped on a table that was there before.

## Why it matters
The change itself is instant. From the first NULL on, code that reads the column untested fails,
comparisons in WHERE drop rows silently (NULL <> 'x' is not true), and the way back, SET NOT NULL,
fails until every NULL is filled.

## Example
    ALTER TABLE users ALTER COLUMN email DROP NOT NULL;

## Use instead
Deploy code that reads NULL first, and drop NOT NULL after it; or write a default instead of NULL.

## What proves it
The catalogues before and after are compared.

## Source
PostgreSQL manual, "ALTER TABLE", on DROP NOT NULL; "Comparison Functions and Operators".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import seen
from dbspecialist.rules.migration._columns import changed_columns
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Drop NOT NULL when the code that reads the column expects NULL"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that may be NULL after a migration and not before."""
    for item in changed_columns(trial, "not_null"):
        column, statement = item.column, item.statement
        was = item.before.attributes["not_null"] if item.before else ""
        if (
            was != "true"
            or column.attributes["not_null"] != "false"
            or not is_filled(trial, run, column.parent, statement)
        ):
            continue
        yield finding(
            severity="info",
            message=f"Column {column.name} may be NULL from now on, which it never was",
            location=trial.location(statement),
            evidence=(seen(f"{column.name} is NOT NULL before the statement and not after it"),),
            help="deploy code that reads NULL first",
            relation=column.parent,
        )
