"""A value added to an enum cannot be used before the transaction that adds it has ended.

## What it does
Looks for statements that the engine refuses because they use an enum value of their own
transaction.

## Why it matters
Most tools run a migration in one transaction. The value is added and used there, and the
migration fails with 55P04, though it passes statement by statement.

## Example
    BEGIN;
    ALTER TYPE state ADD VALUE 'paid';
    UPDATE orders SET state = 'paid' WHERE paid_at IS NOT NULL;
    COMMIT;

## Use instead
    ALTER TYPE state ADD VALUE 'paid';

in a migration of its own, and the UPDATE in the next one.

## What proves it
The engine's refusal.

## Source
PostgreSQL manual, "ALTER TYPE", section "Notes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Use new enum values in a later transaction"
SEVERITY = "error"
ENGINES = ("postgresql",)

UNSAFE_NEW_VALUE = "55P04"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that uses a value too early."""
    for statement in trial.statements:
        error = statement.error
        if error is None or error.sqlstate != UNSAFE_NEW_VALUE:
            continue
        yield finding(
            severity="error",
            message=f"The statement fails with {UNSAFE_NEW_VALUE}: {error.message}",
            location=at(trial, statement),
            evidence=(Proof("the statement runs", "refuted", error.message),),
            help="add the value in a migration of its own, before the one that uses it",
        )
