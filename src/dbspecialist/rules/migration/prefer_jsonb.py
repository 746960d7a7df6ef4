"""A json column makes SELECT DISTINCT, GROUP BY and UNION over its table fail.

## What it does
Looks for columns of type json that tables with rows get.

## Why it matters
json has no equality: SELECT DISTINCT * over the table, which worked before, fails with 42883.
jsonb has equality and can be indexed.

## Example
    ALTER TABLE users ADD COLUMN settings json;

## Use instead
    ALTER TABLE users ADD COLUMN settings jsonb;

## What proves it
The engine's catalogue after the migration; the statements of the workload and of the models are
planned on the twin after it.

## Source
PostgreSQL manual, "JSON Types".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, code_evidence
from dbspecialist.rules.migration._columns import added_columns, at_end, changed_columns
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Prefer jsonb to json"
SEVERITY = "error"
ENGINES = ("postgresql",)

NO_EQUALITY = "42883"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that becomes json."""
    for item in (*added_columns(trial), *changed_columns(trial, "type")):
        column, statement = item.column, item.statement
        if column.attributes["type"] != "json" or at_end(trial, item) is None:
            continue
        if not is_filled(trial, run, column.parent, statement):
            continue
        broken = broken_by(trial, "json", NO_EQUALITY)
        told = "a statement of the application fails with 42883" if broken else "DISTINCT fails"
        yield finding(
            severity="error" if broken else "info",
            message=f"Column {column.name} is json, which has no equality: {told}",
            location=at(trial, statement),
            evidence=(seen(f"{column.name} is json"), code_evidence(run, broken)),
            help="jsonb instead of json",
            relation=column.parent,
        )
