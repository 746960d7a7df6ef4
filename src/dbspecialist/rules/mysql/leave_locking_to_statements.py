"""LOCK TABLES stops all others from its table until UNLOCK TABLES, whatever the work in between is.

## What it does
Looks for LOCK TABLES on tables that production has rows in, and adds up what is done meanwhile.

## Why it matters
A WRITE lock makes every read and write of the table wait, a READ lock every write, also while the
statements in between would have let them pass. Dumps of mysqldump have it around their INSERTs.
Where the migration stops on the way, the lock holds until its session ends.

## Example
    LOCK TABLES orders WRITE;
    UPDATE orders SET status = 'new' WHERE status IS NULL;
    UNLOCK TABLES;

## Use instead
    UPDATE orders SET status = 'new' WHERE status IS NULL AND id BETWEEN 1 AND 10000;

in batches: InnoDB locks the rows that a statement changes, and DDL takes the metadata lock that it
needs by itself.

## What proves it
The metadata locks of the session are read behind the statement on the twin.

## Source
MySQL manual, "LOCK TABLES and UNLOCK TABLES Statements".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import duration, plural
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import ESTIMATE, at, blocking_locks, blocks, lock_evidence

TITLE = "Leave locking to statements"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that LOCK TABLES keeps others from."""
    for number, statement in enumerate(trial.statements):
        if not statement.tags[0].startswith("LOCK TABLE") or statement.error:
            continue
        held = _held(trial.statements[number + 1 :])
        known = all(item.work_ms is not None for item in held)
        waited = sum(item.work_ms or 0.0 for item in held)
        over = plural(len(held), "statement")
        told = f"for about {duration(waited)}" if known else "for a time that is not known"
        for lock in blocking_locks(statement, run):
            yield finding(
                severity="error" if known and waited > run.max_blocked_ms else "warning",
                message=(
                    f"{lock.relation} is locked by LOCK TABLES over {over}: "
                    f"{blocks(lock)} wait {told} ({lock.mode})"
                ),
                location=at(trial, statement),
                evidence=(
                    lock_evidence(lock),
                    Proof(
                        f"{lock.relation} is blocked {told}",
                        "unchecked",
                        ESTIMATE if known else "the snapshot has no size for what is done",
                    ),
                ),
                help="leave LOCK TABLES out, and change rows in batches that commit",
                relation=lock.relation,
            )


def _held(following: tuple[StatementEffects, ...]) -> list[StatementEffects]:
    """Return the statements up to the one that lets the tables go."""
    found = []
    for item in following:
        if item.tags[0] in {"UNLOCK", "START TRANSACTION", "BEGIN"}:
            break
        if item.tags[0].startswith("LOCK TABLE"):
            break
        found.append(item)
    return found
