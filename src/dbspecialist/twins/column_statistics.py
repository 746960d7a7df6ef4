"""Statistics of columns and of index expressions put back into a twin."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from dbspecialist.facts.statistics import ColumnStatistics

Connection = psycopg.Connection[tuple[Any, ...]]

#: Columns of pg_stats that `pg_restore_attribute_stats` takes, with their types (manual,
#: "Statistics Manipulation Functions").
COLUMN_VALUES = {
    "most_common_vals": "text",
    "most_common_freqs": "real[]",
    "histogram_bounds": "text",
    "correlation": "real",
    "most_common_elems": "text",
    "most_common_elem_freqs": "real[]",
    "elem_count_histogram": "real[]",
    "range_length_histogram": "text",
    "range_empty_frac": "real",
    "range_bounds_histogram": "text",
}

_VALUES = ", ".join(f"'{name}', given.{name}::{kind}" for name, kind in COLUMN_VALUES.items())
_COLUMNS = f"""
    SELECT given.relation, given.attribute,
           pg_restore_attribute_stats(
               'schemaname', n.nspname::text, 'relname', c.relname::text,
               'attname', a.attname::text, 'inherited', given.inherited,
               'null_frac', given.null_frac, 'avg_width', given.avg_width,
               'n_distinct', given.n_distinct,
               {_VALUES})
      FROM unnest(%s::text[], %s::text[], %s::bool[], %s::real[], %s::int[], %s::real[],
                  {", ".join("%s::text[]" for _ in COLUMN_VALUES)})
           AS given (relation, attribute, inherited, null_frac, avg_width, n_distinct,
                     {", ".join(COLUMN_VALUES)})
      JOIN pg_class c ON c.oid = to_regclass(given.relation)
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid
           AND given.attribute IN (a.attname, quote_ident(a.attname))
"""


def restore_columns(connection: Connection, columns: Iterable[ColumnStatistics]) -> tuple[str, ...]:
    """Put back column statistics and return what the engine did not take, a sentence each."""
    rows = list(columns)
    lists: list[list[Any]] = [
        [item.relation for item in rows],
        [item.column for item in rows],
        [item.inherited for item in rows],
        [item.null_frac for item in rows],
        [item.avg_width for item in rows],
        [item.n_distinct for item in rows],
    ]
    lists += [[item.values.get(name) for item in rows] for name in COLUMN_VALUES]
    with _warnings(connection) as warned:
        done = connection.execute(_COLUMNS, lists).fetchall()
    refused = [f"{relation}.{column}" for relation, column, taken in done if not taken]
    known = {(relation, column) for relation, column, _ in done}
    missing = [
        f"{item.relation}.{item.column}"
        for item in rows
        if (item.relation, item.column) not in known
    ]
    return (
        *(f"statistics of {name}: not taken whole" for name in refused),
        *(f"statistics of {name}: no such column on the twin" for name in missing),
        *(f"statistics: {text}" for text in warned),
    )


@contextlib.contextmanager
def _warnings(connection: Connection) -> Iterator[list[str]]:
    """Collect the engine's warnings within the block."""
    seen: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING" and diagnostic.message_primary:
            seen.append(diagnostic.message_primary)

    connection.add_notice_handler(note)
    try:
        yield seen
    finally:
        connection.remove_notice_handler(note)
