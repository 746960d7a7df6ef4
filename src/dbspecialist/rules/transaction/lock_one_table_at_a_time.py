"""Strong locks on several tables in one transaction can deadlock with the application.

## What it does
Looks for transactions whose statements, one after the other, take locks that block reads or
writes of two or more tables that production has rows in. Tables that one statement locks
together (a foreign key and its target) count once. A transaction that locks tables for new foreign
keys alone is add-foreign-keys-one-at-a-time's or expect-locks-on-referenced-tables's.

## Why it matters
The transaction holds the first table while it waits for the second. A query of the application
that holds the second and wants the first waits for it in turn: the engine ends one of the two
with a deadlock, and until then both tables stand still.

## Example
    BEGIN;
    ALTER TABLE users ADD COLUMN note text;
    ALTER TABLE orders ADD COLUMN note text;
    COMMIT;

## Use instead
One table in each transaction.

## What proves it
Locks and transactions are read from the engine.

## Source
PostgreSQL manual, "Explicit Locking", section "Deadlocks".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, blocking_locks, lock_evidence
from dbspecialist.rules.migration._foreign_keys import locked_by_keys

TITLE = "Lock one table in each transaction"
SEVERITY = "info"
ENGINES = ("postgresql",)

_TABLES = {"table", "partitioned table"}


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding at the statement that adds another table to a transaction's locks."""
    held: dict[int, list[str]] = {}
    others: set[int] = set()
    told: set[int] = set()
    for statement in trial.statements:
        before = held.setdefault(statement.transaction, [])
        taken = [
            lock
            for lock in blocking_locks(statement, run)
            if lock.kind in _TABLES and lock.relation not in before
        ]
        if not {lock.relation for lock in taken} <= locked_by_keys(trial, run, statement):
            others.add(statement.transaction)
        if before and taken and statement.transaction in others - told - {0}:
            told.add(statement.transaction)
            yield _finding(trial, statement, before, taken[0].relation)
        before.extend(lock.relation for lock in taken)


def _finding(
    trial: Trial, statement: StatementEffects, before: list[str], relation: str
) -> Finding:
    lock = next(item for item in statement.locks if item.relation == relation)
    return finding(
        severity="info",
        message=(
            f"{relation} is locked while the transaction holds {', '.join(before)}: a query that "
            f"uses both can deadlock with it ({lock.mode})"
        ),
        location=at(trial, statement),
        evidence=(lock_evidence(lock),),
        help="change one table in each transaction",
        relation=relation,
    )
