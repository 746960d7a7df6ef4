"""LOCK TABLE stops the work of others for as long as the transaction lasts.

## What it does
Looks for LOCK TABLE in a mode that stops reads or writes of tables that production has rows in,
and for LOCK TABLE outside of a transaction block, which the engine refuses.

## Why it matters
ALTER and CREATE take the lock they need themselves, and hold it no longer than they must. One
taken before them holds through everything that follows.

## Example
    BEGIN;
    LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
    UPDATE orders SET total = 0 WHERE total IS NULL;
    COMMIT;

## Use instead
    UPDATE orders SET total = 0 WHERE total IS NULL;

in steps that each commit, which lock the rows they change.

## What proves it
The lock is read from the engine; its time counts what follows in the transaction.

## Source
PostgreSQL manual, "LOCK"; "Table-Level Locks".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocking_locks,
    blocks,
    by_blocked_time,
    lock_evidence,
    time_evidence,
)

TITLE = "Avoid LOCK TABLE"
SEVERITY = "error"
ENGINES = ("postgresql",)

NO_TRANSACTION = "25P01"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is locked by hand."""
    for statement in trial.statements:
        if "LOCK TABLE" not in statement.tags:
            continue
        if not statement.in_transaction:
            yield _refused(trial, statement)
            continue
        for lock in blocking_locks(statement, run):
            yield _waiting(trial, statement, lock, run)


def _waiting(trial: Trial, statement: StatementEffects, lock: Lock, run: Run) -> Finding:
    return finding(
        severity=by_blocked_time(statement, lock.relation, run),
        message=(
            f"Table {lock.relation} is locked to the end of the transaction: {blocks(lock)} wait "
            f"{blocked_for(statement, lock.relation, run)} ({lock.mode})"
        ),
        location=at(trial, statement),
        evidence=(lock_evidence(lock), time_evidence(statement, lock.relation, run)),
        help="leave it out: statements take the locks they need themselves",
        relation=lock.relation,
    )


def _refused(trial: Trial, statement: StatementEffects) -> Finding:
    # The twin runs every statement in a transaction, so that it can be watched.
    reason = "LOCK TABLE can only be used in transaction blocks (PostgreSQL manual, LOCK)"
    return finding(
        severity="error",
        message=f"LOCK TABLE fails with {NO_TRANSACTION}: it stands outside of a transaction block",
        location=at(trial, statement),
        evidence=(Proof("the statement runs outside of a transaction", "unchecked", reason),),
        help="leave it out, or put BEGIN and COMMIT around what it guards",
    )
