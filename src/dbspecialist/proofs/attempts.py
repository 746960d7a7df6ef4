"""Attempts at one migration: with sample rows, with rows that fit it, and without rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.walked import RoundTrip, RowsError
from dbspecialist.proofs.bookkeeping import keeps_versions
from dbspecialist.proofs.compatibility import NOT_NULL_VIOLATION
from dbspecialist.proofs.round_trip import prove_round_trip
from dbspecialist.proofs.round_trip_verdict import Observed as Seen
from dbspecialist.proofs.round_trip_verdict import (
    judge_round_trip,
    not_tried,
    throws_by_itself,
    without_rows,
)
from dbspecialist.proofs.schema_changes import schema_changes
from dbspecialist.proofs.steps import LeftBehindError, Odd, Step, StoppedError
from dbspecialist.toolchains.base import MigrationFailed, Runner
from dbspecialist.twins.observed.observer import Observed, Observer
from dbspecialist.twins.rows import fill
from dbspecialist.twins.stage import Connection


@dataclass
class Attempts:
    """Tries migrations on a database, one after the other."""

    runner: Runner
    observer: Observer
    admin: Connection
    snapshot: Snapshot | None
    odd: Odd

    def upgraded(self, migration: Migration) -> bool:
        """Run a migration's way up; tell whether it went through."""
        try:
            self.runner.upgrade([migration])
        except MigrationFailed:
            return False
        return True

    def step(self, migration: Migration, before: Catalogue) -> tuple[Step, Seen] | None:
        """Try a migration; return nothing where its way up fails without rows.

        Args:
            before: The catalogue as it is now.

        Raises:
            LeftBehindError: Where the database is between two states, or other rows are wanted.
            StoppedError: Where it does not end.
        """
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
            raise LeftBehindError
        refused = self.odd.refused.get(migration.revision, ())
        return Step(before, seen.up or before, trip, rows_errors=refused), seen

    def _with_sample_rows(
        self, migration: Migration, before: Catalogue
    ) -> tuple[RoundTrip, Seen] | None:
        """Try a migration with the rows that are there; return nothing where it refuses them.

        Raises:
            LeftBehindError: Where a part of it is done all the same.
            StoppedError: Where it does not end.
        """
        roles = set(self.observer.translation.made)
        trip, seen = self._round_trip(migration, before)
        if seen.up_error is None:
            return trip, seen
        errors = self.odd.refused[migration.revision] = _errors(self.observer.take())
        if not_tried(seen.up_error):
            raise StoppedError(f"the way up with sample rows ({seen.up_error.reason})", errors)
        if differences(before, read_catalogue(self.admin)):
            raise LeftBehindError
        if set(self.observer.translation.made) - roles:  # no catalogue of a database has these
            raise LeftBehindError
        return None

    def _without_rows(self, migration: Migration, before: Catalogue) -> tuple[RoundTrip, Seen]:
        """Try a migration that stops on made-up rows on empty tables."""
        empty_tables(self.admin)
        trip, seen = self._round_trip(migration, before)
        return without_rows(self.odd.thrown[migration.revision], trip), seen

    def _with_fitting_rows(
        self, migration: Migration, before: Catalogue
    ) -> tuple[RoundTrip, Seen] | None:
        """Try a migration that refuses the rows with such as obey what it asks for.

        They are made after it has run on empty tables, and taken back by its downgrade. What that
        leaves of the schema is judged at once; what it loses of the rows, on a second round.
        """
        if not self._filled_up(migration):
            return None
        seen = Seen(before=before, up=read_catalogue(self.admin))
        if migration.reversible is not False:
            seen = self._first_way_back(migration, seen)
            if seen.down is not None and not schema_changes(before, seen.down):
                return self._second_round(migration, seen)
        return judge_round_trip(seen, reversible=migration.reversible), seen

    def _filled_up(self, migration: Migration) -> bool:
        empty_tables(self.admin)
        upgraded = self.upgraded(migration)
        if upgraded:
            fill(self.admin, read_catalogue(self.admin), self.snapshot)
        return upgraded

    def _first_way_back(self, migration: Migration, seen: Seen) -> Seen:
        """Run the way back; where it does not restore the schema, the way up again as well."""
        try:
            statements = self._downgrade(migration)
        except MigrationFailed as error:
            if _refuses_rows(error) and error.error and error.error.sqlstate != NOT_NULL_VIOLATION:
                # They are values that the schema before may never have had.
                self._give_up_rows(migration, error)
            return replace(seen, down_error=error)
        seen = replace(seen, down=read_catalogue(self.admin), statements_down=statements)
        if seen.down is None or not schema_changes(seen.before, seen.down):
            return seen
        try:
            self.runner.upgrade([migration])
        except MigrationFailed as error:
            return seen if _refuses_rows(error) else replace(seen, again_error=error)
        return replace(seen, again=read_catalogue(self.admin))

    def _second_round(self, migration: Migration, first: Seen) -> tuple[RoundTrip, Seen]:
        """Try a migration with the rows that its way back has left.

        Columns that this made NULL, or gave one value in all rows, get values, and where the
        migration refuses them, none.

        Raises:
            LeftBehindError: Where it refuses both; empty tables are what is left to try.
            StoppedError: Where it does not end.
        """
        anew = _columns(first.before) - _columns(first.up)
        fill(self.admin, read_catalogue(self.admin), self.snapshot, complete=True, anew=anew)
        _, seen = self._round_trip(migration, first.before)
        if seen.up_error is not None and not not_tried(seen.up_error) and self._again(migration):
            _, seen = self._round_trip(migration, first.before)
        if seen.up_error is None:
            seen = replace(seen, up=first.up)
            return judge_round_trip(seen), seen
        if not_tried(seen.up_error):
            raise StoppedError(f"the second way up ({seen.up_error.reason})", ())
        return self._give_up_rows(migration, seen.up_error)

    def _give_up_rows(self, migration: Migration, error: MigrationFailed) -> NoReturn:
        self.odd.thrown[migration.revision] = error.reason
        raise LeftBehindError

    def _again(self, migration: Migration) -> bool:
        """Bring the rows to where a first way back leaves them; tell whether it went through."""
        try:
            return self._filled_up(migration) and self._downgrade(migration) >= 0
        except MigrationFailed:
            return False

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
        return sum(not keeps_versions(item.effects.sql) for item in self.observer.take())


def _columns(catalogue: Catalogue | None) -> set[str]:
    return {item.name for item in catalogue.of_kind("column")} if catalogue else set()


def _refuses_rows(error: MigrationFailed) -> bool:
    """Tell whether a migration stops at values (classes 22 and 23), which are made up here."""
    return error.error is not None and error.error.sqlstate[:2] in {"22", "23"}


def _errors(recorded: Sequence[Observed]) -> tuple[RowsError, ...]:
    shown = [item for item in recorded if not keeps_versions(item.effects.sql)]
    return tuple(
        RowsError(number, item.effects.error)
        for number, item in enumerate(shown)
        if item.effects.error is not None
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
