"""ADD COLUMN takes few columns; another needs the table to be made anew.

## What it does
Looks for ADD COLUMN statements that SQLite refuses, on an empty table or once there are rows.

## Why it matters
ALTER TABLE … ADD COLUMN writes no row: the new column is read from the schema. It is refused for a
PRIMARY KEY or UNIQUE column and for a STORED generated one; once the table has a row, for a NOT
NULL column without a default, a default that is not constant (`CURRENT_TIMESTAMP`, an expression),
and, where foreign keys are enforced, a REFERENCES with a default other than NULL. A test on an
empty database lets the latter through; production stops at them.

## Example
    ALTER TABLE users ADD COLUMN created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP;

## Use instead
    ALTER TABLE users ADD COLUMN created_at TEXT;
    UPDATE users SET created_at = CURRENT_TIMESTAMP;

or make the table anew with the column.

## What proves it
The statement is run on a file with a few rows in every table, and on one without rows.

## Source
SQLite manual, "ALTER TABLE", section 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Add columns that ALTER TABLE can add"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: How each refusal begins.
REFUSAL = "cannot add a"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that SQLite refuses to add."""
    refused = [(n, item.error, "") for n, item in enumerate(trial.statements) if item.error]
    refused += [(item.index, item.error, " once there are rows") for item in trial.rows_errors]
    for number, error, when in refused:
        if error is None or not error.message.lower().startswith(REFUSAL):
            continue
        yield finding(
            severity="error",
            message=f"ADD COLUMN fails{when}: {error.message}",
            location=at(trial, trial.statements[number]),
            evidence=(
                Proof(
                    "SQLite takes the statement",
                    "refuted",
                    f"{error.sqlstate} on the twin{' with made-up rows' if when else ''}",
                ),
            ),
            help="add it nullable and without that default and fill it, or make the table anew",
        )
