"""Work that follows a strong lock in the same transaction keeps the lock for as long as it takes.

## What it does
Looks for a statement that takes a lock which blocks reads or writes, whose own work is short, and
that is followed in its transaction by work that is not: a scan, a rewrite, an index build or
changed rows of whatever table.

## Why it matters
PostgreSQL releases locks at the end of the transaction. Adding a column takes a millisecond; the
UPDATE after it in the same transaction makes every reader wait until it is done.

## Example
    BEGIN;
    ALTER TABLE users ADD COLUMN verified boolean;
    UPDATE users SET verified = false;
    COMMIT;

## Use instead
Commit after the ALTER TABLE, and backfill in steps that commit each, in a migration of its own.

## What proves it
The lock, the transaction and the work are read from the engine; rows and durations are estimates
at production size.

## Source
PostgreSQL manual, "Explicit Locking": locks are held until the end of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import Lock, StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocking_locks,
    blocks,
    by_blocked_time,
    lock_evidence,
    seen,
    time_evidence,
)

TITLE = "Commit between a strong lock and long work"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each short lock that later work of its transaction makes long."""
    told: set[tuple[int, str]] = set()
    for statement in trial.statements:
        if _works(statement, run):
            continue  # its own work is other rules' matter
        later = [
            item
            for item in trial.from_statement(statement)[1:]
            if _works(item, run) and not _validates(item, statement)
        ]
        for lock in blocking_locks(statement, run):
            if later and (statement.transaction, lock.relation) not in told:
                told.add((statement.transaction, lock.relation))
                yield _finding(trial, statement, lock, later[0], run)


def _finding(
    trial: Trial, statement: StatementEffects, lock: Lock, later: StatementEffects, run: Run
) -> Finding:
    line = f" in line {later.line}" if later.line else ""
    return Finding(
        rule="commit-before-long-work",
        severity=by_blocked_time(statement, lock.relation, run),
        message=(
            f"{lock.relation} stays locked while {_named(later, run)}{line}: {blocks(lock)} wait "
            f"{blocked_for(statement, lock.relation, run)} ({lock.mode})"
        ),
        location=at(trial, statement),
        evidence=(
            lock_evidence(lock),
            seen(f"{_named(later, run)} in the same transaction"),
            time_evidence(statement, lock.relation, run),
        ),
        help="commit after this statement, and do the work in a transaction of its own",
        relation=lock.relation,
    )


def _validates(later: StatementEffects, statement: StatementEffects) -> bool:
    """Tell whether a statement validates what an earlier one added: another rule's matter."""
    made = {(item.relation, item.name) for item in statement.constraints}
    return any(item.valid and (item.relation, item.name) in made for item in later.constraints)


def _works(statement: StatementEffects, run: Run) -> bool:
    """Tell whether a statement reads or writes the rows of a table that has some."""
    touched = [*statement.scans, *statement.rewrites, *statement.index_builds.values()]
    written = [name for name, rows in statement.rows_modified.items() if rows > 1]
    return any(not run.is_empty(name) for name in (*touched, *written))


def _named(statement: StatementEffects, run: Run) -> str:
    for word, names in (
        ("is rewritten", list(statement.rewrites)),
        ("has its rows changed", list(statement.rows_modified)),
        ("is indexed", list(statement.index_builds.values())),
        ("is scanned", list(statement.scans)),
    ):
        for name in names:
            if not run.is_empty(name):
                return f"{name} {word}"
    return "rows are read"
