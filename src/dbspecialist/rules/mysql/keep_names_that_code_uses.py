"""A name that goes while the application uses it makes the application's statements fail.

## What it does
Looks for statements of the snapshot's workload that the engine prepares before a migration and
refuses after it.

## Why it matters
Old code runs until the last process is replaced, and again after a rollback. A column or table that
was dropped or renamed makes each of its statements fail from the moment the migration runs.

## Example
    ALTER TABLE users RENAME COLUMN name TO full_name;

## Use instead
    ALTER TABLE users ADD COLUMN full_name VARCHAR(50), ALGORITHM=INSTANT, LOCK=NONE;

code that writes both, a backfill, code that reads the new one, and the drop in a later migration.

## What proves it
Each statement is prepared on the twin before and after the migration.

## Source
MySQL manual, "PREPARE Statement" and "Performance Schema Statement Digests and Sampling".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count, plural
from dbspecialist.rules.findings import finding

TITLE = "Keep names that the application uses"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each refusal, however many statements meet it."""
    messages = dict.fromkeys(item.error.message for item in trial.broken)
    for message in messages:
        alike = [item for item in trial.broken if item.error.message == message]
        first = alike[0]
        calls = sum(item.statement.calls for item in alike)
        only = trial.statements[0] if len(trial.statements) == 1 else None
        yield finding(
            severity="error",
            message=(
                f"{plural(len(alike), 'statement')} of the workload, run {count(calls)} times, "
                f"refused after the migration with {first.error.sqlstate}: {message}"
            ),
            location=trial.location(only),
            evidence=(
                Proof(
                    "old code runs on the new schema",
                    "refuted",
                    f"prepared before and refused after, on the twin: {first.statement.query}",
                ),
            ),
            help="take it away in a later migration, once no code that needs it runs",
        )
