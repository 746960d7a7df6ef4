"""The walk: each pending migration by itself, on a database with rows, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import psycopg

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.walked import RoundTrip
from dbspecialist.proofs.ground import open_ground
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.steps import Odd, Step, StoppedError
from dbspecialist.toolchains.base import Project
from dbspecialist.twins.stage import Stage

#: So many migrations are worth another database, in which all before them run first.
LEAST_HALF = 20


def walk(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    template: str,
    snapshot: Snapshot | None,
) -> dict[str, Step]:
    """Run the pending migrations one by one on a database with rows.

    A migration that sample rows make fail is tried again with rows that fit it, so that those
    after it are seen too; the walk ends at one that fails without rows. A way back, or a failure
    outside of a transaction, that leaves the database between two states sends the walk to a new
    database. The second half of many is walked meanwhile on a database of its own.
    """
    going = partial(_go, stage, project, template, snapshot)
    half = len(pending) // 2
    if half < LEAST_HALF:
        return going(pending)
    with meanwhile(going, pending, start=half) as second:
        steps = going(pending[:half])
    if len(steps) < half:
        return steps
    steps |= second.result()
    return steps | going(pending, start=len(steps))  # what the second half could not come to


def _go(
    stage: Stage,
    project: Project,
    template: str,
    snapshot: Snapshot | None,
    pending: Sequence[Migration],
    *,
    start: int = 0,
) -> dict[str, Step]:
    """Take the steps from one migration on, those before it having run."""
    steps: dict[str, Step] = {}
    odd = Odd()
    while start + len(steps) < len(pending) or odd.unplanned:
        try:
            with open_ground(stage, project, template, snapshot, odd) as ground:
                if ground.follow(pending, steps, start):
                    break
        except (StoppedError, psycopg.OperationalError) as error:
            for migration in pending[start + len(steps) :][:1]:
                steps[migration.revision] = _stopped(error)
            break
    return steps


def _stopped(error: StoppedError | psycopg.OperationalError) -> Step:
    """Return the step of a migration that does not end on rows, or whose constraints do not."""
    if isinstance(error, StoppedError):
        what, errors = error.reason, error.errors
    else:
        told = error.diag.message_primary or str(error)
        what, errors = f"putting in and reading rows ({told})", ()
    proof = Proof("the way back restores what was there", "unchecked", f"stopped: {what}")
    return Step(round_trip=RoundTrip("unchecked", proof), rows_errors=errors)


def is_bookkeeping(effects: StatementEffects) -> bool:
    """Tell whether a statement only keeps a toolchain's version table."""
    made = {name for _, kind, name in effects.creates if kind == "table"}
    touched = made | set(effects.rows_modified) | {lock.blocked for lock in effects.locks}
    return bool(touched) and all(
        name.rpartition(".")[2].strip('"') in VERSION_TABLES for name in touched
    )
