"""The answers to catalogue queries: what has not changed since the last reading is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.rows import namedtuple_row

from dbspecialist.engines.postgresql.catalogue.changes import (
    ByRelation,
    Memory,
    NamesChangedError,
    Same,
    by_relation,
    changed_relations,
    is_same_in_common,
    memories,
    memory_of,
    merged,
    versions_query,
)

if TYPE_CHECKING:
    from dbspecialist.engines.postgresql.catalogue.reader import Entry

Parameters = tuple[str, ...]


def _answers(
    connection: psycopg.Connection[Any], queries: Iterable[tuple[str, Parameters]]
) -> dict[str, list[Any]]:
    """Run queries without waiting for each ("Pipeline Mode", PostgreSQL manual, libpq)."""
    cursors = {}
    try:
        with connection.pipeline() if psycopg.Pipeline.is_supported() else nullcontext():
            for query, given in queries:
                cursors[query] = connection.cursor(row_factory=namedtuple_row)
                # Planning takes longer than running; what is asked again is planned once.
                cursors[query].execute(query.encode(), given or None, prepare=True)
    except psycopg.OperationalError as error:
        if error.sqlstate or not connection.closed:
            raise
        # libpq then tells of its pipeline, which nobody who reads it knows of.
        told = "the server ended the session that reads the catalogue"
        raise psycopg.OperationalError(told) from error
    return {query: cast("list[Any]", cursor.fetchall()) for query, cursor in cursors.items()}


class Answers(ABC):
    """The answers to catalogue queries, in one transaction.

    Over a connection that was read before, all queries of that time are sent at once, and of the
    longest ones only the rows of relations that have changed are asked for.
    """

    def __init__(self, connection: psycopg.Connection[Any], wanted: frozenset[str] | None) -> None:
        self.wanted = wanted
        self._connection = connection
        self._cursor = connection.cursor(row_factory=namedtuple_row)
        self._before = memory_of(connection, wanted)
        self._now = Memory(wanted)
        self._foreseen: dict[str, list[Any]] = {}
        if self._before.asked:  # a first reading may be the only one
            self._foresee()

    def _foresee(self) -> None:
        """Ask what was asked the last time, but for what is known to be the same."""
        before = self._before
        (versions,) = _answers(self._connection, [(versions_query(), ())]).values()
        self._now.versions = dict(versions)
        known = before.answers if is_same_in_common(before, self._now) else {}
        asked = (query for query in before.asked if query not in known)
        self._foreseen = known | _answers(self._connection, ((query, ()) for query in asked))

    # What a reader tells of itself.

    @property
    @abstractmethod
    def relations(self) -> dict[int, Any]:
        """The relations to read, by OID."""

    @property
    @abstractmethod
    def parents(self) -> dict[int, list[int]]:
        """Parents of partitions, inheritance children and partition indexes, by child."""

    @property
    @abstractmethod
    def members(self) -> dict[tuple[int, int], int]:
        """Objects that came with an extension, as address to the extension's OID."""

    @property
    @abstractmethod
    def schema_array(self) -> str:
        """The array of the OIDs of the schemas to read."""

    def keep(self) -> None:
        """Keep what was read for the next reading over the connection."""
        memories[self._connection] = self._now

    def rows(self, query: str, *, same: Same = "never") -> list[Any]:
        """Run a query; `{schemas}` in it stands for the array of the OIDs to read.

        Args:
            query: What to ask.
            same: When its rows are known to be what they were.
        """
        text = query.replace("{schemas}", self.schema_array) if "{schemas}" in query else query
        self._now.asked.append(text)
        found = self._foreseen[text] if text in self._foreseen else self._run(text)
        if same == "all" or (same == "none" and not found):
            self._now.answers[text] = found
        return found

    def _run(self, query: str) -> list[Any]:
        self._cursor.execute(query.encode())
        return cast("list[Any]", self._cursor.fetchall())

    def by_relation(self, query: str, relation: str) -> ByRelation:
        """Run a query whose rows belong to relations, for those that have changed.

        Args:
            query: Holds `{changed}` at the end of its conditions.
            relation: What in it tells the relation's OID.
        """
        query = query.replace("{schemas}", self.schema_array)
        some = query.replace("{changed}", f"and {relation} = any(%s::oid[])")
        found = self._changes[1].get(some)
        if found is None:
            found = by_relation(self._run(query.replace("{changed}", "")))
        self._now.rows[some] = found
        return found

    @property
    def changed(self) -> frozenset[int] | None:
        """The relations that are not as they were read last; nothing where any may be."""
        return self._changes[0]

    @cached_property
    def _changes(self) -> tuple[frozenset[int] | None, dict[str, ByRelation]]:
        """What has changed, and the rows of all relations by the queries that ask for some."""
        before, now = self._before, self._now
        now.names = {row.oid: (row.schema, row.relname) for row in self.relations.values()}
        now.members = self.members
        changed = changed_relations(before, now)
        if changed is None:
            return None, {}
        wanted = ("{" + ",".join(map(str, changed)) + "}",)
        fresh = _answers(self._connection, ((query, wanted) for query in before.rows if changed))
        try:
            return changed, {
                query: merged(rows, changed, fresh.get(query, ()))
                for query, rows in before.rows.items()
            }
        except NamesChangedError:
            return None, {}

    def kept(
        self, kind: str, relation: int, origin: Any, make: Callable[[], Iterable[Entry]]
    ) -> list[Entry]:
        """Make the entries of a relation, or take those of before where nothing has changed.

        Args:
            kind: What the entries are.
            relation: The relation's OID.
            origin: What they are made of besides the relation's own rows.
            make: Makes them.
        """
        key = kind, relation
        whole = (self.relations.get(relation), origin)
        had = self._before.entries.get(key)
        is_same = self.changed is not None and relation not in self.changed
        is_single = relation not in self.parents  # else columns of other relations count as well
        if not (had and is_same and is_single and had[0] == whole):
            had = whole, list(make())
        self._now.entries[key] = had
        return had[1]
