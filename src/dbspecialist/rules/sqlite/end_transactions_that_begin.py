"""A transaction that is open when the script ends is rolled back.

## What it does
Looks for scripts whose last statement leaves a transaction open.

## Why it matters
SQLite rolls back what is not committed when the connection closes. The migration ran without an
error and left nothing behind; a toolchain that notes it as applied will not run it again.

## Example
    BEGIN;
    ALTER TABLE users ADD COLUMN email TEXT;

## Use instead
    BEGIN;
    ALTER TABLE users ADD COLUMN email TEXT;
    COMMIT;

## What proves it
SQLite says behind the last statement that a transaction is open.

## Source
SQLite manual, "Transaction".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.sqlite.effects import OPEN
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "End transactions that begin"
SEVERITY = "error"
ENGINES = ("sqlite",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding where the script ends within a transaction."""
    for number, texts in trial.rows_warnings.items():
        if OPEN not in texts:
            continue
        begun = [item for item in trial.statements if item.tags == ("BEGIN",)]
        line = f", begun in line {begun[-1].line}," if begun else ""
        yield finding(
            severity="error",
            message=(
                f"The transaction{line} is still open at the end: all that it did is rolled back"
            ),
            location=at(trial, begun[-1] if begun else trial.statements[number]),
            evidence=(
                Proof("the script ends outside of a transaction", "refuted", "SQLite on the twin"),
            ),
            help="write COMMIT at the end",
        )
