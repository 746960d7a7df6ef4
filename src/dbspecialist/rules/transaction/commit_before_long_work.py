"""Work that follows a strong lock in the same transaction keeps the lock for as long as it takes.

## What it does
Looks for a statement that takes a lock which blocks reads or writes, whose own work is short, and
that is followed in its transaction by work that is not: a scan, a rewrite, an index build or
changed rows of whatever table, a query that reads a table whole, a statement that takes more than
0.5 s on the twin already. Work on the locked table itself that has a rule of its own is
left to it, and so are waits of less than a tenth of `max_blocked`.

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

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import duration
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
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

#: Relations that a message names.
NAMED = 3
#: How toolchains that run all pending migrations in one transaction are told not to.
_APART = {
    "alembic": "`transaction_per_migration=True` in env.py's context.configure",
    "typeorm": '`migrationsTransactionMode: "each"`',
}


@dataclass(frozen=True)
class _Waiting:
    """A lock, the statement that takes it, the longest work that follows, and how long all is."""

    statement: StatementEffects
    lock: Lock
    later: tuple[Trial, StatementEffects]
    work_ms: float


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each work that makes the short locks before it long."""
    by_work: dict[int, list[_Waiting]] = {}
    for item in _waiting(trial, run):
        by_work.setdefault(id(item.later[1]), []).append(item)
    for waiting in by_work.values():
        yield _finding(trial, waiting, run)


def _waiting(trial: Trial, run: Run) -> Iterator[_Waiting]:
    told: set[tuple[int, str]] = set()
    for statement in trial.statements:
        locks = list(blocking_locks(statement, run))
        if not locks or not statement.transaction or _works(statement, run):
            continue  # its own work is other rules' matter
        later = [item for item in _following(statement, run) if not _validates(item[1], statement)]
        for lock in locks:
            work = [item for item in later if not _is_own_work(item[1], lock.blocked)]
            place = (statement.transaction, lock.blocked)
            length = sum(_length(item[1]) for item in work)
            if work and place not in told and not _is_short(statement, lock.blocked, length, run):
                told.add(place)
                longest = max(work, key=lambda item: _length(item[1]))
                yield _Waiting(statement, lock, longest, length)


def _finding(trial: Trial, waiting: Sequence[_Waiting], run: Run) -> Finding:
    """Tell the first lock, which waits for the longest, and name some of the others."""
    first = waiting[0]
    statement, lock, later = first.statement, first.lock, first.later
    work = _named(later[1], run)
    own = [lock.blocked] == [item.lock.blocked for item in waiting]
    told = work.replace(lock.blocked, "it", 1) if own and work.startswith(lock.blocked) else work
    return finding(
        severity=_severity(first, run),
        message=(
            f"{_relations(waiting)} locked while {told} in "
            f"{_place(trial, later)}: {blocks(lock)} wait "
            f"{_waited(statement, lock.blocked)}{_share(first)} ({lock.mode})"
        ),
        location=at(trial, statement),
        evidence=(
            *(lock_evidence(item.lock) for item in waiting[:NAMED]),
            seen(f"{work} in the same transaction"),
            time_evidence(statement, lock.blocked, run),
        ),
        help=_help(trial, later[0]),
        relation=lock.blocked,
    )


def _severity(waiting: _Waiting, run: Run) -> Severity:
    """Judge by the work alone: what the locked table waits for otherwise has rules of its own."""
    severity = by_blocked_time(waiting.statement, waiting.lock.blocked, run)
    return "warning" if severity == "error" and waiting.work_ms <= run.max_blocked_ms else severity


def _relations(waiting: Sequence[_Waiting]) -> str:
    names = [item.lock.blocked for item in waiting]
    if len(names) == 1:
        return f"{names[0]} stays"
    if len(names) <= NAMED:
        return f"{' and '.join(names)} stay"
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more relations stay"


def _help(trial: Trial, later: Trial) -> str:
    apart = _APART.get(trial.migration.toolchain)
    if later is not trial and apart:
        return f"run each migration in a transaction of its own: {apart}"
    return "commit after this statement, and do the work in a transaction of its own"


def _following(statement: StatementEffects, run: Run) -> Iterator[tuple[Trial, StatementEffects]]:
    """Yield the work that follows in a statement's transaction, which may span migrations."""
    begun = False
    for trial in run.trials:
        for item in trial.statements:
            if begun and item.transaction == statement.transaction and _works(item, run):
                yield trial, item
            begun = begun or item is statement


def _is_own_work(later: StatementEffects, relation: str) -> bool:
    """Tell whether a statement rewrites, scans or indexes the relation itself.

    The rule on that statement says how long the relation is blocked.
    """
    return relation in {*later.rewrites, *later.scans, *later.index_builds.values()}


def _is_short(statement: StatementEffects, relation: str, work_ms: float, run: Run) -> bool:
    """Tell whether the wait for the work is known and less than a tenth of what may be."""
    waited = statement.blocked_ms.get(relation)
    return waited is not None and min(waited, work_ms) * 10 < run.max_blocked_ms


def _length(statement: StatementEffects) -> float:
    return math.inf if statement.work_ms is None else statement.work_ms


def _place(trial: Trial, later: tuple[Trial, StatementEffects]) -> str:
    line = f"line {later[1].line}" if later[1].line else "a later statement"
    if later[0] is trial:
        return line
    return f"{line} of {later[0].migration.path.rpartition('/')[2]}"


def _waited(statement: StatementEffects, relation: str) -> str:
    waited = statement.blocked_ms.get(relation)
    if waited is None:
        return "for a time that depends on sizes that are not known"
    return f"for about {duration(waited)}"


def _share(waiting: _Waiting) -> str:
    """Say how much of a wait the work is, where most of it is something else's."""
    waited = waiting.statement.blocked_ms.get(waiting.lock.blocked)
    work = waiting.later[1].work_ms
    if waited is None or work is None or work * 2 > waited:
        return ""
    return f"; {duration(work)} of it are that statement's"


def _validates(later: StatementEffects, statement: StatementEffects) -> bool:
    """Tell whether a statement validates what an earlier one added: another rule's matter."""
    made = {(item.relation, item.name) for item in statement.constraints}
    return any(item.valid and (item.relation, item.name) in made for item in later.constraints)


def _works(statement: StatementEffects, run: Run) -> bool:
    """Tell whether a statement reads or writes the rows of a table that has some."""
    touched = [*statement.scans, *statement.rewrites, *statement.index_builds.values()]
    written = [name for name, rows in statement.rows_modified.items() if rows > 1]
    there = run.at(statement)
    if any(not there.is_empty(name) for name in (*touched, *written)):
        return True
    return bool(_queried(statement, run)) or _took(statement)


def _queried(statement: StatementEffects, run: Run) -> list[str]:
    """Return what plain queries read whole; of unknown sizes there are too many to tell."""
    there = run.at(statement)
    return [name for name in statement.queried if there.knows(name) and not there.is_empty(name)]


def _took(statement: StatementEffects) -> bool:
    """Tell whether the twin, which has no rows, took as long for it as is estimated."""
    return statement.work_ms is not None and 1 < statement.work_ms <= statement.elapsed_ms


def _named(statement: StatementEffects, run: Run) -> str:
    for word, names in (
        ("is rewritten", list(statement.rewrites)),
        ("has its rows changed", list(statement.rows_modified)),
        ("is indexed", list(statement.index_builds.values())),
        ("is scanned", list(statement.scans)),
    ):
        for name in names:
            if not run.at(statement).is_empty(name):
                return f"{name} {word}"
    if queried := _queried(statement, run):
        return f"{queried[0]} is read from beginning to end"
    return (
        f"the twin takes {duration(statement.elapsed_ms)}" if _took(statement) else "rows are read"
    )
