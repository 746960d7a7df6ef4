"""The walk: each pending migration by itself, on a database with rows, there and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.engines.mysql.driver import (
    Connection,
    MySQLError,
    engine_error,
    execute,
    rows,
)
from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.walked import Broken, RoundTrip, RowsError
from dbspecialist.proofs.mysql.compatibility import OldCode
from dbspecialist.proofs.mysql.fingerprints import fingerprint
from dbspecialist.proofs.round_trip_verdict import Observed, judge_round_trip
from dbspecialist.proofs.scripts import Script
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.twins.mysql.rows import fill
from dbspecialist.twins.mysql.stage import Stage

#: Warnings that say that a value was changed to fit: data truncated, out of range, cut, wrong, and
#: NULL for NOT NULL (MariaDB documentation, "MariaDB Error Codes").
CHANGED = frozenset({1048, 1263, 1264, 1265, 1292, 1366, 1406})


@dataclass(frozen=True)
class Step:
    """What the walk saw of one migration.

    Args:
        round_trip: How its way back went.
        broken: Statements of the application that it breaks.
        rows_errors: Statements that fail once there are rows.
        rows_warnings: Warnings that rows bring, by statement from 0.
    """

    round_trip: RoundTrip | None = None
    broken: tuple[Broken, ...] = ()
    rows_errors: tuple[RowsError, ...] = ()
    rows_warnings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script went: its refused statement, and what the engine warned of."""

    error: RowsError | None = None
    warnings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def walk(
    stage: Stage,
    before: Sequence[Script],
    pending: Sequence[Script],
) -> dict[str, Step]:
    """Run the pending migrations one by one on a database with rows.

    One that rows make fail leaves half of itself behind, since DDL commits: it is tried again on a
    new database without rows, and those after it with rows again. The walk ends at one that fails
    without rows.
    """
    steps: dict[str, Step] = {}
    refused: dict[str, Step] = {}
    while len(steps) < len(pending):
        revision = pending[len(steps)].migration.revision
        stopped = _go(stage, before, pending, steps, with_rows=revision not in refused)
        revision = pending[len(steps)].migration.revision if stopped else ""
        if stopped is not None and revision in refused:
            steps[revision] = stopped
            break
        if stopped is not None:
            refused[revision] = stopped
    for revision in refused.keys() & steps.keys():
        told = refused[revision]
        steps[revision] = replace(
            steps[revision], rows_errors=told.rows_errors, rows_warnings=told.rows_warnings
        )
    return steps


def _go(
    stage: Stage,
    before: Sequence[Script],
    pending: Sequence[Script],
    steps: dict[str, Step],
    *,
    with_rows: bool,
) -> Step | None:
    """Take steps on a new database until one fails, which is returned, or one is not up again."""
    stage.renew()
    with contextlib.closing(stage.session()) as session:
        for script in (*before, *pending[: len(steps)]):
            run_script(session, script.up, script.wraps)
        catalogue = stage.read(texts=False)
        if with_rows:
            fill(session, catalogue)
        code = OldCode(session, stage.snapshot.workload if stage.snapshot else ())
        for script in pending[len(steps) :]:
            step, is_up, catalogue = _step(stage, session, script, catalogue)
            if step.rows_errors:
                return step
            steps[script.migration.revision] = replace(step, broken=code.broken() if is_up else ())
            if not is_up:
                return None
            if not with_rows:
                fill(session, catalogue)
                with_rows = True
    return None


def _step(
    stage: Stage, session: Connection, script: Script, before: Catalogue
) -> tuple[Step, bool, Catalogue]:
    """Run a migration up, down and up.

    Tell whether the database is in the state after it, and return its catalogue.
    """
    seen = Observed(before, fingerprint(session, before))
    ran = run_script(session, script.up, script.wraps)
    if ran.error is not None:
        failed = MigrationFailed(script.migration.revision, "", ran.error.error)
        trip = judge_round_trip(replace(seen, up_error=failed))
        return Step(trip, rows_errors=(ran.error,), rows_warnings=ran.warnings), False, before
    up = stage.read(texts=False)
    seen = replace(seen, up=up, rows_up=fingerprint(session, up))
    reversible = bool(script.down)
    if reversible:
        seen = _back_and_again(stage, session, script, seen)
    trip = judge_round_trip(seen, reversible=reversible)
    return Step(trip, rows_warnings=ran.warnings), not reversible or seen.is_up, up


def _back_and_again(stage: Stage, session: Connection, script: Script, seen: Observed) -> Observed:
    revision = script.migration.revision
    ran = run_script(session, script.down, script.wraps)
    if ran.error is not None:
        return replace(seen, down_error=MigrationFailed(revision, "", ran.error.error))
    down = stage.read(texts=False)
    seen = replace(
        seen,
        down=down,
        rows_down=fingerprint(session, down),
        statements_down=len(script.down),
    )
    ran = run_script(session, script.up, script.wraps)
    if ran.error is not None:
        return replace(seen, again_error=MigrationFailed(revision, "", ran.error.error))
    return replace(seen, again=stage.read(texts=False))


def run_script(session: Connection, statements: Iterable[ScriptStatement], wraps: bool) -> Ran:
    """Send a script as its runner does, up to the first refused statement."""
    warnings: dict[int, tuple[str, ...]] = {}
    if wraps:
        execute(session, "START TRANSACTION")
    try:
        for index, statement in enumerate(statements):
            try:
                with session.cursor() as cursor:
                    cursor.execute(statement.sql)
                    warned = cursor.warning_count
            except MySQLError as error:
                return Ran(RowsError(index, engine_error(session, error)), warnings)
            if warned:
                told = rows(session, "SHOW WARNINGS")
                found = tuple(f"{item[1]} {item[2]}" for item in told if int(item[1]) in CHANGED)
                if found:
                    warnings[index] = found
        if wraps:
            execute(session, "COMMIT")
    finally:
        if session.open:
            execute(session, "ROLLBACK")
    return Ran(None, warnings)


def not_reached(migration: Migration) -> Step:
    """Return the step of a migration that the walk did not come to."""
    basis = f"the way up stops before {migration.revision}"
    return Step(
        RoundTrip("unchecked", Proof("the way back restores what was there", "unchecked", basis))
    )
