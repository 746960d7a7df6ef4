"""Ask the engine which rows satisfy which conditions, without inserting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from dbspecialist.twins.rows.slots import Row
from dbspecialist.twins.rows.structure import Check, Table
from dbspecialist.twins.rows.text import identifier, plain

ORDER = '"dbs row number"'
MOST_QUERIES = 300


def source(table: Table, names: Sequence[str]) -> str:
    """Return a FROM item: literals passed as text arrays, cast to the columns' types."""
    quoted = [identifier(name) for name in names]
    casts = ", ".join(
        f"u.{name}::{plain(table.column[raw].declared)} AS {name}"
        for name, raw in zip(quoted, names, strict=True)
    )
    arrays = ", ".join(["%s::text[]"] * len(names))
    return (
        f"(SELECT u.{ORDER}, {casts} FROM unnest({arrays}) WITH ORDINALITY"
        f" AS u({', '.join(quoted)}, {ORDER})) AS {identifier(table.alias)}"
    )


def arguments(rows: Sequence[Row], names: Sequence[str]) -> list[list[str | None]]:
    """Return the text arrays for `source`, one a column."""
    return [[row[name] for row in rows] for name in names]


class Judge:
    """Tells of rows of one table which of its checks hold.

    Where a row makes a check raise an error, the rows are asked in halves, down to the row that
    does; after `MOST_QUERIES` the rest counts as not satisfying.
    """

    def __init__(self, connection: psycopg.Connection[Any], table: Table) -> None:
        self._connection, self._table = connection, table
        self._asked = 0

    def __call__(self, rows: Sequence[Row]) -> list[list[bool]]:
        """Return for each row and check whether it holds (NULL holds, as for the engine)."""
        checks = self._table.checks
        if not checks or not rows:
            return [[True] * len(checks) for _ in rows]
        self._asked += 1
        if self._asked > MOST_QUERIES:
            return [[False] * len(checks) for _ in rows]
        names = _read(checks, list(rows[0]))
        query = _query(self._table, checks, names)
        try:
            with self._connection.transaction():
                found = self._connection.execute(query, arguments(rows, names)).fetchall()
            return [list(row[0]) for row in found]
        except psycopg.Error:
            if len(rows) == 1:
                return [[False] * len(checks)]
        half = len(rows) // 2
        return [*self(rows[:half]), *self(rows[half:])]


def _read(checks: Sequence[Check], names: list[str]) -> list[str]:
    """Return the columns that the checks read; all where that is not plain."""
    used = {name for check in checks for name in check.columns}
    if all(check.columns for check in checks) and used.issubset(names):
        return [name for name in names if name in used]
    return names


def _query(table: Table, checks: Sequence[Check], names: Sequence[str]) -> bytes:
    inner = source(table, names)
    generated = [column for column in table.columns if column.generated]
    if generated and len(names) + len(generated) == len(table.columns):
        extra = ", ".join(
            f"({plain(item.generated)})::{plain(item.declared)} AS {identifier(item.name)}"
            for item in generated
        )
        inner = f"(SELECT *, {extra} FROM {inner}) AS {identifier(table.alias)}"
    conditions = ", ".join(f"({plain(check.expression)}) IS NOT FALSE" for check in checks)
    return f"SELECT ARRAY[{conditions}] FROM {inner} ORDER BY {ORDER}".encode()
