"""A statement that does not end on a twin with almost no rows will not end in production.

## What it does
Reports statements that were stopped after the twin's time-out: an error where one waited for a lock
that another session of the same migration held, which it waits for in production as well.

## Why it matters
A loop without an end holds its locks until somebody stops it. What it would have done was not
observed.

## Example
    DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$;

## Use instead
A loop that ends, or a wait that is not part of the migration.

## What proves it
The twin's time-out. What the statement would do in the end is unchecked.

## Source
PostgreSQL manual, "statement_timeout".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import TRIED_WITH, WAITS_FOR_ITSELF, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Let statements end"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that was stopped, without rows or with some."""
    for statement in trial.statements:
        if statement.unchecked and not statement.unchecked.startswith(TRIED_WITH):
            yield _finding(trial, statement, statement.unchecked)
    for refused in trial.rows_errors:
        if refused.error.stopped and refused.index < len(trial.statements):
            reason = f"stopped on the twin with sample rows ({refused.error.message})"
            yield _finding(trial, trial.statements[refused.index], reason)


def _finding(trial: Trial, statement: StatementEffects, reason: str) -> Finding:
    return finding(
        severity="error" if reason.endswith(WAITS_FOR_ITSELF) else "warning",
        message=f"The statement did not end: {reason}",
        location=at(trial, statement),
        evidence=(Proof("what the statement does", "unchecked", reason),),
        help="make it end, or take what waits out of the migration",
    )
