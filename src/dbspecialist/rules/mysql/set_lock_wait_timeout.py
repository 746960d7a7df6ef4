"""An ALTER TABLE that waits for its metadata lock makes every later query of the table wait too.

## What it does
Looks for statements that take an exclusive metadata lock on a table that production has rows in
while lock_wait_timeout is longer than a minute. Its default is 86,400 s: a day. One finding for the
run.

## Why it matters
Every ALTER TABLE, also an instant one, needs the exclusive metadata lock for a moment at its end. A
transaction that has only read the table holds a shared one until it commits. The ALTER waits for
it, and behind the waiting ALTER waits every query that comes after: the table is down for as long
as the oldest transaction lasts, or until lock_wait_timeout ends the ALTER.

## Example
    ALTER TABLE orders ADD COLUMN note VARCHAR(50);

## Use instead
    SET SESSION lock_wait_timeout = 5;
    ALTER TABLE orders ADD COLUMN note VARCHAR(50), ALGORITHM=INSTANT, LOCK=NONE;

and try again when it fails with error 1205.

## What proves it
The setting is read from the session before each statement on the twin, which has production's
settings. The queue is shown by a test: a reader in an open transaction, an instant ALTER behind it,
and a second reader that waits behind the ALTER.

## Source
MySQL manual, "Metadata Locking" and "lock_wait_timeout".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import duration, plural
from dbspecialist.rules.findings import finding

TITLE = "Set a short lock_wait_timeout before DDL"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")

#: Longer waits stop an application whose connection pool waits as long.
LONGEST_MS = 60_000


def check_run(run: Run) -> Iterator[Finding]:
    """Yield one finding where DDL of filled tables may wait for longer."""
    found = [
        (trial, statement)
        for trial in run.trials
        for statement in trial.statements
        if _waits(statement, run)
    ]
    if not found:
        return
    trial, first = found[0]
    timeout = float(first.settings["lock_wait_timeout"])
    relation = first.locks[0].relation
    yield finding(
        severity="warning",
        message=(
            f"{plural(len(found), 'statement')} from {relation} on wait for metadata locks up to "
            f"{duration(timeout)} (lock_wait_timeout), and every later query of the table waits "
            "behind them"
        ),
        location=trial.location(first),
        evidence=(
            Proof(
                f"lock_wait_timeout is {timeout / 1000:.0f} s",
                "proven",
                "read from the session on the twin, which has production's settings",
            ),
        ),
        help="SET SESSION lock_wait_timeout = 5 before them, and try again on error 1205",
        relation=relation,
    )


def _waits(statement: StatementEffects, run: Run) -> bool:
    changes = bool(statement.algorithm or statement.drops or statement.renames)
    held = any(
        lock.mode != "MDL_SHARED_WRITE" and not run.is_empty(lock.relation)
        for lock in statement.locks
    )
    timeout = float(statement.settings.get("lock_wait_timeout", 0))
    return changes and held and timeout > LONGEST_MS


def fix(_trial: Trial, statement: StatementEffects, _run: Run) -> tuple[Phase, ...] | None:
    """Return the statement behind a time-out of 5 s, which holds for those after it too."""
    up = ("SET SESSION lock_wait_timeout = 5", statement.sql)
    return (Phase("wait 5 s for metadata locks", up, transactional=False),)
