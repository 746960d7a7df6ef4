"""Contents of CREATE STATISTICS objects put back into a twin.

PostgreSQL 18 has no function for this and its types refuse text. Their stored forms are plain
bytes (`mvdistinct.c`, `dependencies.c`, `mcv.c`), so they are built here and cast from bytea for
the length of one transaction. Most common values need the column types' own bytes: a scratch table
with one row an item is analysed, and its list gets production's frequencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from dbspecialist.facts.statistics import ColumnStatistics, ExtendedStatistics
from dbspecialist.twins.column_statistics import restore_columns
from dbspecialist.twins.extended_bytes import dependencies_bytes, distinct_bytes
from dbspecialist.twins.extended_most_common import SCRATCH, most_common_bytes

Connection = psycopg.Connection[tuple[Any, ...]]

_TYPES = ("pg_ndistinct", "pg_dependencies", "pg_mcv_list")

_OBJECTS = """
    SELECT s.oid, s.stxkeys::int2[]::int[], s.stxrelid::regclass::text,
           ARRAY(SELECT format('%%I', a.attname)
                   FROM unnest(s.stxkeys::int2[]) WITH ORDINALITY AS k (attnum, n)
                   JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = k.attnum
                  ORDER BY n),
           coalesce(pg_get_statisticsobjdef_expressions(s.oid), '{}'), given.position - 1,
           EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                    LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
                   WHERE a.attrelid = s.stxrelid AND a.attnum = ANY(s.stxkeys)
                     AND coalesce(e.oid, t.oid) >= 16384
                     AND coalesce(e.typtype, t.typtype) IN ('c', 'd', 'm', 'r'))
           OR EXISTS (SELECT FROM pg_depend d
                      LEFT JOIN pg_depend x ON x.classid = d.refclassid AND x.objid = d.refobjid
                           AND x.deptype = 'e'
                     WHERE d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid
                       AND d.refclassid = 'pg_proc'::regclass AND x.objid IS NULL)
      FROM unnest(%s::text[]) WITH ORDINALITY AS given (name, position)
      JOIN pg_namespace n ON starts_with(given.name, quote_ident(n.nspname) || '.')
      JOIN pg_statistic_ext s ON s.stxnamespace = n.oid
           AND format('%%I.%%I', n.nspname, s.stxname) = given.name
"""


def restore_extended(
    connection: Connection, extended: Iterable[ExtendedStatistics]
) -> tuple[str, ...]:
    """Put back the contents of extended statistics and return what was left out.

    The connection is a superuser's; the objects exist already.
    """
    wanted = list(extended)
    if not wanted:
        return ()
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog; SET LOCAL event_triggers = off")
        found = connection.execute(_OBJECTS, [[item.name for item in wanted]]).fetchall()
        here = {row[5] for row in found}
        left_out = [
            f"extended statistics {item.name}: not on the twin"
            for number, item in enumerate(wanted)
            if number not in here
        ]
        for name in _TYPES:
            connection.execute(f"CREATE CAST (bytea AS {name}) WITHOUT FUNCTION")
        for oid, keys, relation, columns, expressions, number, calls in found:
            if calls:  # the superuser, who writes them, would call it
                name = wanted[number].name
                left_out.append(f"extended statistics {name}: their values call functions")
                continue
            target = _Target(oid, keys, relation, columns, expressions)
            left_out += _restore(connection, target, wanted[number])
        for name in _TYPES:
            connection.execute(f"DROP CAST (bytea AS {name})")
    return tuple(left_out)


class _Target:
    """One statistics object of the twin: its columns by number, then its expressions."""

    def __init__(
        self,
        oid: int,
        keys: Sequence[int],
        relation: str,
        columns: Sequence[str],
        expressions: Sequence[str],
    ) -> None:
        self.oid, self.keys, self.relation = oid, list(keys), relation
        self.columns, self.expressions = list(columns), list(expressions)

    @property
    def dimensions(self) -> list[str]:
        return self.columns + [f"({text})" for text in self.expressions]


def _restore(connection: Connection, target: _Target, given: ExtendedStatistics) -> list[str]:
    numbers = _numbering(target, given)
    if numbers is None:
        return [f"extended statistics {given.name}: its columns differ on the twin"]
    try:
        with connection.transaction():
            _scratch(connection, target)
            most_common = most_common_bytes(connection, len(target.dimensions), given.most_common)
            _expressions(connection, target, given.expressions)
            _store(connection, target, given, numbers, most_common)
            connection.execute(f"DROP SCHEMA {SCRATCH} CASCADE")
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error)
        return [f"extended statistics {given.name}: {reason}"]
    return []


_STORE = f"""
    INSERT INTO pg_statistic_ext_data
    SELECT %s::oid, %s, %s::bytea::pg_ndistinct, %s::bytea::pg_dependencies,
           %s::bytea::pg_mcv_list,
           CASE WHEN %s THEN ARRAY(
               SELECT s FROM generate_series(%s::int, %s::int) AS number
               LEFT JOIN pg_statistic s ON s.starelid = '{SCRATCH}.dimensions'::regclass
                    AND s.staattnum = number
              ORDER BY number) END
"""


def _store(
    connection: Connection,
    target: _Target,
    given: ExtendedStatistics,
    numbers: Mapping[int, int],
    most_common: bytes | None,
) -> None:
    connection.execute(
        "DELETE FROM pg_statistic_ext_data WHERE stxoid = %s AND stxdinherit = %s",
        [target.oid, given.inherited],
    )
    first = len(target.columns) + 1
    connection.execute(
        _STORE,
        [
            target.oid,
            given.inherited,
            distinct_bytes(given.n_distinct, numbers) if given.n_distinct else None,
            dependencies_bytes(given.dependencies, numbers) if given.dependencies else None,
            most_common,
            bool(given.expressions),
            first,
            first + len(target.expressions) - 1,
        ],
    )


def _numbering(target: _Target, given: ExtendedStatistics) -> dict[int, int] | None:
    """Map the source's column numbers to the twin's, which has no gaps of dropped columns.

    Both sides list columns in the same order; expressions are -1, -2 … on both. Nothing where
    the numbers cannot be told apart.
    """
    texts = f"{given.n_distinct or ''} {given.dependencies or ''}"
    keys = [key for key, _ in re.findall(r'"([-0-9, =>]+)": ([0-9.eE+-]+)', texts)]
    seen = {int(number) for key in keys for number in re.findall(r"-?\d+", key)}
    plain = sorted(number for number in seen if number > 0)
    same = {-number: -number for number in range(1, len(target.expressions) + 1)}
    if len(plain) == len(target.keys):
        return {**dict(zip(plain, sorted(target.keys), strict=True)), **same}
    if set(plain) <= set(target.keys):
        return {**{number: number for number in plain}, **same}
    return None


def _scratch(connection: Connection, target: _Target) -> None:
    """Make an empty table with one column for each dimension, of its type and collation."""
    connection.execute(f"CREATE SCHEMA {SCRATCH}")
    listed = ", ".join(
        f"{expression} AS k{number}" for number, expression in enumerate(target.dimensions, 1)
    )
    connection.execute(
        f"CREATE TABLE {SCRATCH}.dimensions AS "
        f"SELECT {listed}, 0 AS position FROM {target.relation} WITH NO DATA"
    )


def _expressions(
    connection: Connection, target: _Target, rows: Sequence[Mapping[str, str]]
) -> None:
    first = len(target.columns) + 1
    restore_columns(
        connection,
        [
            ColumnStatistics(
                relation=f"{SCRATCH}.dimensions",
                column=f"k{number}",
                inherited=False,
                null_frac=float(row.get("null_frac", 0)),
                avg_width=int(row.get("avg_width", 0)),
                n_distinct=float(row.get("n_distinct", 0)),
                values=row,
            )
            for number, row in enumerate(rows, first)
        ],
    )
