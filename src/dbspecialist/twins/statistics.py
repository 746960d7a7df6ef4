"""Planner statistics put back into a twin, after all of its indexes exist.

Building an index counts the rows of its table anew, so a twin's statistics come last, and
autovacuum is off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import RelationStatistics
from dbspecialist.twins.column_statistics import restore_columns
from dbspecialist.twins.extended_statistics import restore_extended
from dbspecialist.twins.loader import as_owner
from dbspecialist.twins.sizes import scaled

Connection = psycopg.Connection[tuple[Any, ...]]


def restore_statistics(
    connection: Connection, snapshot: Snapshot, scale: float = 1.0, *, owner: str | None = None
) -> tuple[str, ...]:
    """Put back all of a snapshot's statistics and return what was left out, a sentence each.

    Args:
        connection: A superuser's.
        snapshot: Where they are from.
        scale: By how much sizes are multiplied.
        owner: The owner of the relations, with whose rights the values of columns are read: the
            type of a column may be a domain with a CHECK that calls a function.
    """
    restore_relations(connection, snapshot.relations, scale)
    with as_owner(connection, owner) as session:
        left_out = restore_columns(session, snapshot.columns)
    return (*left_out, *restore_extended(connection, snapshot.extended))


_RELATIONS = """
    UPDATE pg_class
       SET relpages = given.pages, reltuples = given.tuples, relallvisible = given.visible
      FROM unnest(%s::text[], %s::int[], %s::real[], %s::int[])
           AS given (name, pages, tuples, visible)
     WHERE oid = to_regclass(given.name)
"""


def restore_relations(
    connection: Connection, relations: Iterable[RelationStatistics], scale: float = 1.0
) -> None:
    """Put back pages, rows and all-visible pages; relations that are not there are skipped.

    The catalogue is updated as such: `pg_restore_relation_stats` takes one relation a call, and
    the result is the same.
    """
    rows = list(relations)
    pages = [item.pages if item.analysed_pages is None else item.analysed_pages for item in rows]
    connection.execute(
        _RELATIONS,
        [
            [item.relation for item in rows],
            [_signed(scaled(length, scale)) for length in pages],
            [float(item.tuples * scale if item.tuples > 0 else item.tuples) for item in rows],
            [_signed(scaled(item.all_visible, scale)) for item in rows],
        ],
    )


def _signed(pages: int) -> int:
    """Fold a block count as `relpages` does: the engine reads the integer as unsigned."""
    return pages - (1 << 32) if pages >= 1 << 31 else pages
