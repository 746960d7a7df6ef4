"""Relations and columns of a watched database: as they were, as they are, and their names."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.changed_columns import Columns, read_columns
from dbspecialist.engines.postgresql.effects import made_relations
from dbspecialist.engines.postgresql.observation import KINDS, Known, Observation, read_known

_FILLED = "SELECT relation::bigint FROM dbs_twin.sizes WHERE made AND relation = ANY (%s)"


class KnownRelations:
    """What is known of a database's relations between two transactions.

    Args:
        connection: A superuser's, to that database.
        columns: Whether columns are read too.
    """

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], *, columns: bool) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.known: dict[int, Known] = read_known(connection)
        self.original = dict(self.known)
        self.columns: Columns = read_columns(connection) if columns else {}
        self.original_columns = self.columns
        self._names = _names(self.known, self.original)
        self._renamed: dict[str, str] = {}
        self._made: set[str] = set()

    def created(self) -> frozenset[str]:
        """Return the names of relations that were made, and that no original one has."""
        before = {item.name for item in self.original.values()}
        now = {item.name for item in self.known.values() if not item.existing}
        return frozenset(now | (self._made - before))

    def renamed(self) -> dict[str, str]:
        """Return the original names of renamed relations, by each name that they had since."""
        return dict(self._renamed)

    def within(self, now: Observation) -> dict[int, Known]:
        """Return what is known within a transaction: tables that stand in since its begin too."""
        with self._lock:
            names = {item.name for item in self.original.values()}
            return {**self.known, **self._held_in_place(now, names)}

    def _held_in_place(self, now: Observation, names: Collection[str]) -> dict[int, Known]:
        """Return the tables with rows that the run made and that bear an original one's name."""
        return {
            item.oid: Known(item.name, KINDS.get(item.kind or "", ""), item.filenode or 0)
            for item in now.locks
            if item.oid in now.filled and item.oid not in self.original
            if item.name and item.name in names
        }

    def refresh(self, tables: Collection[int] | None = ()) -> None:
        """Read the names and files of relations anew, after a transaction has ended.

        Args:
            tables: Those whose columns it has written, by object id; nothing where any may be.
        """
        now = read_known(self._connection)
        columns = read_columns(self._connection, tables)
        standing_in = self._standing_in(now)
        with self._lock:
            self.known = {
                oid: item
                if {oid, item.table} & standing_in or oid in self.original
                else replace(item, existing=False)
                for oid, item in now.items()
            }
            self._names = _names(self.known, self.original)
            self._note_renamed(self._names)
            self.columns = {
                key: row for key, row in {**self.columns, **columns}.items() if key[0] in self.known
            }

    def _standing_in(self, now: Mapping[int, Known]) -> set[int]:
        """Return the tables with rows that the run made and gave the name of an original one.

        They are what production uses from then on.
        """
        names = {item.name for item in self.original.values()}
        named = [oid for oid, item in now.items() if oid not in self.original]
        named = [oid for oid in named if now[oid].name in names and not now[oid].table]
        if not named:
            return set()
        found = self._connection.execute(_FILLED, [named]).fetchall()
        return {oid for (oid,) in found}

    def note_made(self, now: Observation) -> None:
        """Keep the names of relations that a statement made, or altered since they were made.

        What a transaction makes and drops again, or renames twice, is in the catalogue at no time
        between two.
        """
        with self._lock:
            self._made |= made_relations(now.events, self.original)
            self._note_renamed(self._names_in(now))

    def names_in(self, now: Observation | None) -> Mapping[str, str]:
        """Return the names that do not mean what they mean in production, within a transaction."""
        with self._lock:
            return self._names_in(now)

    def _note_renamed(self, names: Mapping[str, str]) -> None:
        self._renamed |= {name: was for name, was in names.items() if was}

    def _names_in(self, now: Observation | None) -> Mapping[str, str]:
        here = {
            item.oid: Known(
                item.name,
                item.kind or "",
                item.filenode or 0,
                existing=item.oid in self.original,
            )
            for item in (now.locks if now else ())
            if item.name and (item.oid not in self.known or self.known[item.oid].name != item.name)
        }
        if now and here:
            here |= self._held_in_place(now, {item.name for item in self.original.values()})
        return _names({**self.known, **here}, self.original) if here else self._names


def _names(known: Mapping[int, Known], original: Mapping[int, Known]) -> dict[str, str]:
    """Return the names that mean another relation than they do in production, or one made since.

    One that stands in for production's bears its name rightly.
    """
    return {
        item.name: original[oid].name if oid in original else ""
        for oid, item in known.items()
        if (not item.existing if oid not in original else original[oid].name != item.name)
    }
