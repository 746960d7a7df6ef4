"""Sizes, index statistics and histograms, as InnoDB and the optimiser keep them.

Source: MySQL manual, "Configuring Persistent Optimizer Statistics Parameters"; MariaDB
documentation, "mysql.column_stats Table".
"""

from __future__ import annotations

import json
from typing import Any

from dbspecialist.engines.mysql.names import shown
from dbspecialist.engines.mysql.server import Session
from dbspecialist.facts.statistics import ColumnStatistics, RelationStatistics, SequenceState

PAGE = 8192

_SIZES = """
SELECT table_name, engine, table_rows, data_length, index_length, auto_increment
FROM information_schema.tables
WHERE table_schema = %s AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name
"""
_TABLE_STATS = """
SELECT substring_index(table_name, '#P#', 1), sum(n_rows)
FROM mysql.innodb_table_stats WHERE database_name = %s GROUP BY 1
"""
_INDEX_STATS = """
SELECT substring_index(table_name, '#P#', 1), index_name, stat_name, sum(stat_value)
FROM mysql.innodb_index_stats WHERE database_name = %s GROUP BY 1, 2, 3
"""
_INDEX_COLUMNS = """
SELECT table_name, index_name, seq_in_index, column_name, non_unique
FROM information_schema.statistics WHERE table_schema = %s
"""
_COLUMN_STATS = """
SELECT table_name, column_name, min_value, max_value, nulls_ratio, avg_length, avg_frequency,
  hist_type, decode_histogram(hist_type, histogram)
FROM mysql.column_stats WHERE db_name = %s
"""
_HISTOGRAMS = """
SELECT table_name, column_name, histogram FROM information_schema.column_statistics
WHERE schema_name = %s
"""
_COUNTERS = """
SELECT table_name, column_name, column_type FROM information_schema.columns
WHERE table_schema = %s AND extra LIKE '%%auto_increment%%'
"""

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}


def read_sizes(
    session: Session,
) -> tuple[tuple[RelationStatistics, ...], tuple[SequenceState, ...]]:
    """Read rows and bytes of tables and indexes, and how far AUTO_INCREMENT has come."""
    database = session.database
    counted = dict(session.part(_TABLE_STATS, "row counts of mysql.innodb_table_stats", [database]))
    found, used = [], {}
    for name, _, estimate, data, _, counter in session.rows(_SIZES, [database]):
        rows = float(counted.get(name, estimate) or 0)
        length = int(data or 0)
        # InnoDB gives an empty table a page of 16 KiB; that is no row.
        pages = 0 if not rows and length <= 16_384 else -(-length // PAGE)
        found.append(
            RelationStatistics(
                shown(database, name), "table", pages, rows, total_bytes=length if pages else 0
            )
        )
        used[name] = counter
    return tuple(found), tuple(_counters(session, used))


def _counters(session: Session, used: dict[str, Any]) -> list[SequenceState]:
    found = []
    for table, column, kind in session.rows(_COUNTERS, [session.database]):
        text = _text(kind)
        bits = _BITS.get(text.partition("(")[0].partition(" ")[0])
        if bits is None:
            continue
        maximum = (1 << bits) - 1 if "unsigned" in text else (1 << (bits - 1)) - 1
        last = int(used[table]) - 1 if used.get(table) else None
        name = shown(session.database, table, column)
        found.append(SequenceState(name, last, maximum, 1, owned_by=name))
    return found


def read_columns(
    session: Session, sizes: tuple[RelationStatistics, ...]
) -> tuple[ColumnStatistics, ...]:
    """Read what is known of columns: distinct values of leading ones, nulls and histograms."""
    rows = {item.relation: item.tuples for item in sizes}
    found = {(item.relation, item.column): item for item in _leading(session)}
    found |= {(item.relation, item.column): item for item in _histograms(session, rows)}
    return tuple(found.values())


def _leading(session: Session) -> list[ColumnStatistics]:
    """Read the distinct values of the first column of each index."""
    counts = {
        (table, index): float(value)
        for table, index, name, value in session.part(
            _INDEX_STATS, "index statistics of mysql.innodb_index_stats", [session.database]
        )
        if name == "n_diff_pfx01"
    }
    found = []
    for table, index, place, column, _ in session.rows(_INDEX_COLUMNS, [session.database]):
        distinct = counts.get((table, index))
        if place != 1 or column is None or distinct is None:
            continue
        relation = shown(session.database, table)
        found.append(ColumnStatistics(relation, column, False, 0.0, 0, distinct))
    return found


def _histograms(session: Session, rows: dict[str, float]) -> list[ColumnStatistics]:
    if session.engine == "mysql":
        return _json_histograms(session)
    found = []
    for table, column, low, high, nulls, width, frequency, kind, histogram in session.part(
        _COLUMN_STATS, "column statistics of mysql.column_stats", [session.database]
    ):
        relation = shown(session.database, table)
        values = {
            key: _text(value)
            for key, value in (
                *(("min_value", low), ("max_value", high)),
                *(("histogram_type", kind), ("histogram", histogram)),
            )
            if value is not None
        }
        filled = rows.get(relation, 0) * (1 - float(nulls or 0))
        distinct = filled / float(frequency) if frequency else 0.0
        found.append(
            ColumnStatistics(
                relation, column, False, float(nulls or 0), int(width or 0), distinct, values
            )
        )
    return found


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _json_histograms(session: Session) -> list[ColumnStatistics]:
    found = []
    for table, column, text in session.part(
        _HISTOGRAMS, "histograms of information_schema.column_statistics", [session.database]
    ):
        histogram = json.loads(text)
        found.append(
            ColumnStatistics(
                shown(session.database, table),
                column,
                False,
                float(histogram.get("null-values", 0)),
                0,
                float(len(histogram.get("buckets", ()))),
                {
                    "histogram_type": str(histogram.get("histogram-type", "")),
                    "histogram": json.dumps(histogram.get("buckets", [])),
                },
            )
        )
    return found
