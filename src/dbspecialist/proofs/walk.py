"""The walk: each pending migration by itself, on a database with rows, there and back."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Broken, RoundTrip, RowsError
from dbspecialist.proofs.compatibility import OldCode
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.round_trip import Observed as Seen
from dbspecialist.proofs.round_trip import (
    judge_round_trip,
    prove_round_trip,
    throws_by_itself,
    without_rows,
)
from dbspecialist.toolchains.base import MigrationFailed, Project, Runner, Target
from dbspecialist.twins.observed.observer import Observed, Observer
from dbspecialist.twins.rows import fill
from dbspecialist.twins.stage import Connection, Stage

#: So many migrations are worth another database, in which all before them run first.
LEAST_HALF = 20


@dataclass(frozen=True)
class Step:
    """What the walk saw of one migration."""

    before: Catalogue = field(default_factory=Catalogue)
    after: Catalogue = field(default_factory=Catalogue)
    round_trip: RoundTrip | None = None
    broken: tuple[Broken, ...] = ()
    rows_errors: tuple[RowsError, ...] = ()


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
    odd = _Odd()
    while start + len(steps) < len(pending):
        try:
            with _ground(stage, project, template, snapshot, odd) as ground:
                ended = ground.follow(pending, steps, start)
        except _StoppedError as stopped:
            steps[pending[start + len(steps)].revision] = _stopped(stopped.reason, stopped.errors)
            ended = True
        except psycopg.OperationalError as error:
            told = error.diag.message_primary or str(error)
            steps[pending[start + len(steps)].revision] = _stopped(
                f"putting in and reading rows ({told})"
            )
            ended = True
        if ended:
            break
    return steps


def _stopped(what: str, errors: tuple[RowsError, ...] = ()) -> Step:
    """Return the step of a migration that does not end on rows, or whose constraints do not."""
    proof = Proof("the way back restores what was there", "unchecked", f"stopped: {what}")
    return Step(round_trip=RoundTrip("unchecked", proof), rows_errors=errors)


class _StoppedError(Exception):
    """A migration did not end, and was stopped."""

    def __init__(self, reason: str, errors: tuple[RowsError, ...]) -> None:
        super().__init__(reason)
        self.reason, self.errors = reason, errors


class _LeftBehindError(Exception):
    """A migration failed and left a part of what it does."""


@dataclass(frozen=True)
class _Odd:
    """Migrations that want other rows, over all grounds of a walk.

    `refused` holds what sample rows made the engine refuse, and `thrown` why a way back stopped by
    itself on them.
    """

    refused: dict[str, tuple[RowsError, ...]] = field(default_factory=dict)
    thrown: dict[str, str] = field(default_factory=dict)


@dataclass
class _Ground:
    """A database with rows, and what runs and reads on it."""

    runner: Runner
    observer: Observer
    admin: Connection
    search_path: str
    snapshot: Snapshot | None
    odd: _Odd

    def follow(self, pending: Sequence[Migration], steps: dict[str, Step], start: int) -> bool:
        """Take the steps that are still to take; tell whether the walk is at its end."""
        done = start + len(steps)
        catalogue = read_catalogue(self.admin)
        fill(self.admin, catalogue, self.snapshot)
        if done:
            if not self._catch_up(pending[:done]):
                return True
            catalogue = read_catalogue(self.admin)
            fill(self.admin, catalogue, self.snapshot, complete=True)
        workload = self.snapshot.workload if self.snapshot else ()
        code = OldCode(self.admin, workload, self.search_path)
        for migration in pending[done:]:
            try:
                taken = self._step(migration, catalogue)
            except _LeftBehindError:
                return False
            if taken is None:
                return True
            step, seen = taken
            if differences(step.before, step.after):
                step = replace(step, broken=code.broken_by(step.after))
            steps[migration.revision] = step
            if not self._is_up(migration, seen):
                return False
            catalogue = step.after
            if seen.again is not None and differences(step.after, seen.again):
                catalogue = seen.again
            if _makes_room(step):
                fill(self.admin, catalogue, self.snapshot, complete=True)
        return True

    def _catch_up(self, done: Sequence[Migration]) -> bool:
        """Run what an earlier ground has judged, with other rows where these are in the way."""
        for migration in done:
            if migration.revision not in self.odd.refused and self._upgraded(migration):
                continue
            empty_tables(self.admin)
            if not self._upgraded(migration):
                return False
            fill(self.admin, read_catalogue(self.admin), self.snapshot)
        return True

    def _upgraded(self, migration: Migration) -> bool:
        try:
            self.runner.upgrade([migration])
        except MigrationFailed:
            return False
        return True

    def _step(self, migration: Migration, before: Catalogue) -> tuple[Step, Seen] | None:
        taken = None
        if migration.revision in self.odd.thrown:
            taken = self._without_rows(migration, before)
        elif migration.revision not in self.odd.refused:
            taken = self._with_sample_rows(migration, before)
        taken = taken or self._with_fitting_rows(migration, before)
        if taken is None:
            return None
        trip, seen = taken
        if migration.revision not in self.odd.thrown and (reason := throws_by_itself(seen)):
            self.odd.thrown[migration.revision] = reason
            raise _LeftBehindError
        refused = self.odd.refused.get(migration.revision, ())
        return Step(before, seen.up or before, trip, rows_errors=refused), seen

    def _with_sample_rows(
        self, migration: Migration, before: Catalogue
    ) -> tuple[RoundTrip, Seen] | None:
        """Try a migration with the rows that are there; return nothing where it refuses them.

        Raises:
            _LeftBehindError: Where a part of it is done all the same.
            _StoppedError: Where it does not end.
        """
        trip, seen = self._round_trip(migration, before)
        if seen.up_error is None:
            return trip, seen
        errors = self.odd.refused[migration.revision] = _errors(self.observer.take())
        if seen.up_error.error and seen.up_error.error.stopped:
            raise _StoppedError(f"the way up with sample rows ({seen.up_error.reason})", errors)
        if differences(before, read_catalogue(self.admin)):
            raise _LeftBehindError
        return None

    def _without_rows(self, migration: Migration, before: Catalogue) -> tuple[RoundTrip, Seen]:
        """Try a migration that stops by itself on made-up rows on empty tables."""
        empty_tables(self.admin)
        trip, seen = self._round_trip(migration, before)
        return without_rows(self.odd.thrown[migration.revision], trip), seen

    def _with_fitting_rows(
        self, migration: Migration, before: Catalogue
    ) -> tuple[RoundTrip, Seen] | None:
        """Try a migration that refuses the rows with such as obey what it asks for.

        They are made after it has run on empty tables, and taken back by its downgrade.
        """
        empty_tables(self.admin)
        if not self._upgraded(migration):
            return None
        after = read_catalogue(self.admin)
        fill(self.admin, after, self.snapshot)
        if migration.reversible is False:
            seen = Seen(before=before, up=after)
            return judge_round_trip(seen, reversible=False), seen
        try:
            self._downgrade(migration)
        except MigrationFailed as error:
            seen = Seen(before=before, up=after, down_error=error)
            return judge_round_trip(seen), seen
        trip, seen = self._round_trip(migration)
        return (trip, replace(seen, up=seen.up or after))

    def _round_trip(
        self, migration: Migration, before: Catalogue | None = None
    ) -> tuple[RoundTrip, Seen]:
        self.observer.take()
        return prove_round_trip(
            lambda: self.runner.upgrade([migration]),
            lambda: self._downgrade(migration),
            self.admin,
            reversible=migration.reversible,
            before=before,
        )

    def _downgrade(self, migration: Migration) -> int:
        self.observer.take()
        self.runner.downgrade(migration)
        return sum(not _BOOKKEEPING.match(item.effects.sql) for item in self.observer.take())

    def _is_up(self, migration: Migration, seen: Seen) -> bool:
        """Tell whether the database is in the state after the upgrade, and go on from there."""
        if migration.reversible is False or seen.is_up:
            return True
        return seen.up is not None and not differences(seen.up, read_catalogue(self.admin))


def _makes_room(step: Step) -> bool:
    """Tell whether a migration made tables or columns, which those after it find without values."""
    added = (item.object for item in differences(step.before, step.after) if item.before is None)
    return any(item.kind in ("table", "column") for item in added)


@contextlib.contextmanager
def _ground(
    stage: Stage,
    project: Project,
    template: str,
    snapshot: Snapshot | None,
    odd: _Odd,
) -> Iterator[_Ground]:
    with (
        stage.database(template) as database,
        stage.visitor(database) as admin,
        stage.observer(database, effects=False) as observer,
        project.runner(Target(observer.url, observer.mark)) as runner,
    ):
        search_path = stage.settings.get("search_path", "")
        yield _Ground(runner, observer, admin, search_path, snapshot, odd)


def _errors(recorded: Sequence[Observed]) -> tuple[RowsError, ...]:
    shown = [item for item in recorded if not _BOOKKEEPING.match(item.effects.sql)]
    return tuple(
        RowsError(number, item.effects.error)
        for number, item in enumerate(shown)
        if item.effects.error is not None
    )


#: A statement on a version table, where its locks were not asked for.
_BOOKKEEPING = re.compile(
    r"\s*(?:insert\s+into|update|delete\s+from|(?:create|alter|lock|drop)\s+table"
    r"(?:\s+if\s+(?:not\s+)?exists)?|select\b.*?\bfrom)"
    rf'\s+(?:"?\w+"?\s*\.\s*)?"?(?:{"|".join(sorted(VERSION_TABLES))})(?!\w)',
    re.IGNORECASE | re.DOTALL,
)


def is_bookkeeping(effects: StatementEffects) -> bool:
    """Tell whether a statement only keeps a toolchain's version table."""
    made = {name for _, kind, name in effects.creates if kind == "table"}
    touched = made | set(effects.rows_modified) | {lock.blocked for lock in effects.locks}
    return bool(touched) and all(
        name.rpartition(".")[2].strip('"') in VERSION_TABLES for name in touched
    )


_TABLES = """
SELECT string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 AND n.nspname <> 'dbs_twin'
  AND c.relname <> ALL (%s)
"""


def empty_tables(admin: Connection) -> None:
    """Take all rows out of a stage database but those of toolchains' version tables."""
    row = admin.execute(_TABLES, [list(VERSION_TABLES)]).fetchone()
    if row and row[0]:
        admin.execute(f"TRUNCATE {row[0]} CASCADE")
