"""Ask the engine which rows satisfy which conditions, without inserting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.twins.rows.slots import Row
from dbspecialist.twins.rows.structure import Check, Table

ORDER = sql.Identifier("dbs row number")


def source(table: Table, names: Sequence[str]) -> sql.Composable:
    """Return a FROM item: literals passed as text arrays, cast to the columns' types."""
    casts = sql.SQL(", ").join(
        sql.SQL("u.{0}::{1} AS {0}").format(
            sql.Identifier(name), sql.SQL(_plain(table.column[name].declared))
        )
        for name in names
    )
    arrays = sql.SQL(", ").join([sql.SQL("%s::text[]")] * len(names))
    aliases = sql.SQL(", ").join([*map(sql.Identifier, names), ORDER])
    return sql.SQL(
        "(SELECT u.{0}, {1} FROM ROWS FROM (unnest({2})) WITH ORDINALITY AS u({3})) AS {4}"
    ).format(ORDER, casts, arrays, aliases, sql.Identifier(table.alias))


def arguments(rows: Sequence[Row], names: Sequence[str]) -> list[list[str | None]]:
    """Return the text arrays for `source`, one a column."""
    return [[row[name] for row in rows] for name in names]


def verdicts(
    connection: psycopg.Connection[Any], table: Table, checks: Sequence[Check], rows: Sequence[Row]
) -> list[list[bool]]:
    """Return for each row and check whether the check holds (NULL holds, as for the engine).

    A row that makes a check raise an error satisfies none.
    """
    if not checks or not rows:
        return [[True] * len(checks) for _ in rows]
    names = _read(checks, list(rows[0]))
    query = _query(table, checks, names)
    try:
        with connection.transaction():
            found = connection.execute(query, arguments(rows, names)).fetchall()
        return [list(row[0]) for row in found]
    except psycopg.Error:
        if len(rows) == 1:
            return [[False] * len(checks)]
    half = len(rows) // 2
    return [
        *verdicts(connection, table, checks, rows[:half]),
        *verdicts(connection, table, checks, rows[half:]),
    ]


def _read(checks: Sequence[Check], names: list[str]) -> list[str]:
    """Return the columns that the checks read; all where that is not plain."""
    used = {name for check in checks for name in check.columns}
    if all(check.columns for check in checks) and used.issubset(names):
        return [name for name in names if name in used]
    return names


def _query(table: Table, checks: Sequence[Check], names: Sequence[str]) -> sql.Composed:
    inner = source(table, names)
    generated = [column for column in table.columns if column.generated]
    if generated and len(names) + len(generated) == len(table.columns):
        extra = sql.SQL(", ").join(
            sql.SQL("({0})::{1} AS {2}").format(
                sql.SQL(_plain(column.generated)),
                sql.SQL(_plain(column.declared)),
                sql.Identifier(column.name),
            )
            for column in generated
        )
        inner = sql.SQL("(SELECT *, {0} FROM {1}) AS {2}").format(
            extra, inner, sql.Identifier(table.alias)
        )
    conditions = sql.SQL(", ").join(
        sql.SQL("({0}) IS NOT FALSE").format(sql.SQL(_plain(check.expression))) for check in checks
    )
    return sql.SQL("SELECT ARRAY[{0}] FROM {1} ORDER BY {2}").format(conditions, inner, ORDER)


def _plain(text: str) -> str:
    """Escape what psycopg reads as placeholders; the text is the engine's own deparse."""
    return text.replace("%", "%%")
