"""A statement that waits for a strong lock without lock_timeout makes everything wait behind it.

## What it does
Looks for statements that take a lock which blocks reads or writes of a table that production has
rows in, where lock_timeout was 0 (or longer than a minute) in force. Whether it is set in the
migration, in `env.py`, in the connection's options or for the role or database in the snapshot
makes no difference: the value is read from the session. One finding stands for the whole run.

## Why it matters
A lock request queues behind a query that runs, and every later query queues behind the request,
also those that would not conflict with the query. One long SELECT and one ALTER TABLE of a
millisecond stop a table for as long as the SELECT runs.

## Example
    ALTER TABLE orders ADD COLUMN note text;

## Use instead
    SET lock_timeout = '2s';
    ALTER TABLE orders ADD COLUMN note text;

and try again where it gives up. CREATE INDEX CONCURRENTLY is the exception: it waits for every
older transaction, and a short lock_timeout leaves an INVALID index.

## What proves it
The lock and the setting in force are read from the engine.

## Source
PostgreSQL manual, "lock_timeout" and "Explicit Locking".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, blocking_locks, blocks, lock_evidence, seen

TITLE = "Set lock_timeout before strong locks"
SEVERITY = "warning"
ENGINES = ("postgresql",)

LONGEST_MS = 60_000


def check_run(run: Run) -> Iterator[Finding]:
    """Yield one finding for all statements that would wait without limit."""
    found = [
        (trial, statement, lock)
        for trial in run.trials
        for statement in trial.statements
        if _waits_long(statement)
        for lock in list(blocking_locks(statement, run))[:1]
    ]
    if found:
        yield _finding(*found[0], count=len(found), run=run)


def _finding(
    trial: Trial, statement: StatementEffects, lock: Lock, *, count: int, run: Run
) -> Finding:
    shown = statement.settings.get("lock_timeout", "0")
    limit = "no lock_timeout" if shown == "0" else f"a lock_timeout of {shown} ms"
    others = f" ({plural(count, 'statement')} of this run)" if count > 1 else ""
    return finding(
        severity="warning",
        message=(
            f"{lock.relation} is asked for {lock.mode} with {limit}{others}: while the request "
            f"waits for a running query, all new {blocks(lock)}{_of(lock)} wait behind it"
        ),
        location=at(trial, statement),
        evidence=(
            lock_evidence(lock),
            seen(f"lock_timeout is {shown} when {lock.relation} is locked"),
        ),
        help="SET lock_timeout = '2s' before it, and run it again where it gives up",
        relation=lock.blocked,
    )


def _of(lock: Lock) -> str:
    return f" of {lock.table}" if lock.table else ""


def _waits_long(statement: StatementEffects) -> bool:
    shown = statement.settings.get("lock_timeout")
    return shown is not None and (int(shown) == 0 or int(shown) > LONGEST_MS)
