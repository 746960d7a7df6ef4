"""The ground of a walk: a database with rows, on which each migration goes there and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.attempts import Attempts, empty_tables
from dbspecialist.proofs.compatibility import OldCode
from dbspecialist.proofs.round_trip_verdict import Observed as Seen
from dbspecialist.proofs.steps import LeftBehindError, Odd, Step
from dbspecialist.toolchains.base import Project, Target
from dbspecialist.twins.rows import fill
from dbspecialist.twins.stage import Connection, Stage


@dataclass
class Ground:
    """A database with rows, and what runs and reads on it."""

    attempts: Attempts
    admin: Connection
    search_path: str
    snapshot: Snapshot | None
    odd: Odd

    def follow(self, pending: Sequence[Migration], steps: dict[str, Step], start: int) -> bool:
        """Take the steps that are still to take; tell whether the walk is at its end."""
        done = start + len(steps)
        fill(self.admin, read_catalogue(self.admin), self.snapshot)
        code = self._caught_up(pending[:done], steps)
        if code is None:
            return True
        catalogue = read_catalogue(self.admin)
        if done:
            fill(self.admin, catalogue, self.snapshot, complete=True)
        for migration in pending[done:]:
            try:
                taken = self.attempts.step(migration, catalogue)
            except LeftBehindError:
                return False
            if taken is None:
                return True
            step, seen = taken
            if migration.revision not in {**self.odd.refused, **self.odd.thrown}:
                step = replace(step, nulls=_nulls(seen))
            steps[migration.revision] = step
            if not self._is_up(migration, seen):
                if self.snapshot is not None and self.snapshot.workload:
                    self.odd.unplanned.add(migration.revision)
                return False
            if differences(step.before, step.after):
                steps[migration.revision] = replace(step, broken=code.broken_by(step.after))
            catalogue = step.after
            if seen.again is not None and differences(step.after, seen.again):
                catalogue = seen.again
            if _makes_room(step) and migration is not pending[-1]:
                fill(self.admin, catalogue, self.snapshot, complete=True)
        return True

    def _caught_up(self, done: Sequence[Migration], steps: dict[str, Step]) -> OldCode | None:
        """Run what an earlier ground has judged, and return what the application sends.

        What the last of them breaks is looked at here, where its way back has left that ground
        between two states.
        """
        last = [item for item in done[-1:] if item.revision in self.odd.unplanned]
        if not self._catch_up(done[: len(done) - len(last)]):
            return None
        workload = self.snapshot.workload if self.snapshot else ()
        code = OldCode(self.admin, workload, self.search_path)
        if code.working:
            code.broken_by(read_catalogue(self.admin))  # what fails already is no migration's doing
        if not self._catch_up(last):
            return None
        for migration in last:
            self.odd.unplanned.discard(migration.revision)
            step = steps[migration.revision]
            broken = code.broken_by(read_catalogue(self.admin))
            steps[migration.revision] = replace(step, broken=broken)
        return code

    def _catch_up(self, done: Sequence[Migration]) -> bool:
        """Run migrations, with other rows where these are in the way."""
        for migration in done:
            if migration.revision not in self.odd.refused and self.attempts.upgraded(migration):
                continue
            empty_tables(self.admin)
            if not self.attempts.upgraded(migration):
                return False
            fill(self.admin, read_catalogue(self.admin), self.snapshot)
        return True

    def _is_up(self, migration: Migration, seen: Seen) -> bool:
        """Tell whether the database is in the state after the upgrade, and go on from there."""
        if migration.reversible is False or seen.is_up:
            return True
        return seen.up is not None and not differences(seen.up, read_catalogue(self.admin))


def _nulls(seen: Seen) -> frozenset[str]:
    """Return the columns that held NULL before the upgrade."""
    return frozenset(
        f"{table}.{column}"
        for table, rows in seen.rows_before.items()
        for number, column in enumerate(rows.columns)
        if any(row[number] is None for row in rows.rows)
    )


def _makes_room(step: Step) -> bool:
    """Tell whether a migration made tables or columns, which those after it find without values."""
    added = (item.object for item in differences(step.before, step.after) if item.before is None)
    return any(item.kind in ("table", "column") for item in added)


@contextlib.contextmanager
def open_ground(
    stage: Stage,
    project: Project,
    template: str,
    snapshot: Snapshot | None,
    odd: Odd,
) -> Iterator[Ground]:
    """Make a database from a template, to walk on."""
    with (
        stage.database(template) as database,
        stage.visitor(database) as admin,
        stage.observer(database, effects=False) as observer,
        project.runner(Target(observer.url, observer.mark)) as runner,
    ):
        search_path = stage.settings.get("search_path", "")
        attempts = Attempts(runner, observer, admin, snapshot, odd)
        yield Ground(attempts, admin, search_path, snapshot, odd)
