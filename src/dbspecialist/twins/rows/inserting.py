"""Insert rows; what the engine refuses is left out and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbspecialist.twins.rows.judging import ORDER, arguments, source
from dbspecialist.twins.rows.slots import Row
from dbspecialist.twins.rows.structure import Key, Table
from dbspecialist.twins.rows.text import identifier, plain


@dataclass
class Inserted:
    """The inserted rows' returned columns, and the last refusal."""

    rows: list[dict[str, str | None]] = field(default_factory=list)
    refusal: str = ""


def insert(
    connection: psycopg.Connection[Any], table: Table, rows: Sequence[Row], returned: Sequence[str]
) -> Inserted:
    """Insert rows in one statement, leaving out those that a unique or exclusion index refuses.

    Where the statement is refused as a whole, the rows go in one by one.
    """
    if not rows:
        return Inserted()
    deferrable = [key for key in table.keys if key.deferrable]
    if not deferrable:
        try:
            with connection.transaction():
                return Inserted(_send(connection, table, rows, returned, on_conflict=True))
        except psycopg.Error as error:
            if len(rows) == 1:
                return Inserted([], _refusal(error))
    done = Inserted()
    for row in rows:
        try:
            with connection.transaction():
                done.rows += _send(connection, table, [row], returned, on_conflict=not deferrable)
                for key in deferrable:
                    _require_unique(connection, table, key)
        except psycopg.Error as error:
            done.refusal = _refusal(error)
    return done


def _refusal(error: psycopg.Error) -> str:
    return f"{error.sqlstate or 'no SQLSTATE'}: {error.diag.message_primary or error}"


def _send(
    connection: psycopg.Connection[Any],
    table: Table,
    rows: Sequence[Row],
    returned: Sequence[str],
    *,
    on_conflict: bool,
) -> list[dict[str, str | None]]:
    outcome = ", ".join(f"{identifier(name)}::text" for name in returned) or "NULL"
    names = list(rows[0])
    if not names:
        query = f"INSERT INTO {plain(table.name)} DEFAULT VALUES RETURNING {outcome}"
        found = [row for _ in rows for row in connection.execute(query.encode(), [])]
    else:
        columns = ", ".join(identifier(name) for name in names)
        query = (
            f"INSERT INTO {plain(table.name)} ({columns}) OVERRIDING SYSTEM VALUE"
            f" SELECT {columns} FROM {source(table, names)} ORDER BY {ORDER}"
            f"{' ON CONFLICT DO NOTHING' if on_conflict else ''} RETURNING {outcome}"
        )
        found = connection.execute(query.encode(), arguments(rows, names)).fetchall()
    return [dict(zip(returned, row, strict=False)) for row in found]


def _require_unique(connection: psycopg.Connection[Any], table: Table, key: Key) -> None:
    """Raise what the engine would raise at COMMIT, had its deferred trigger been on.

    A deferrable constraint over expressions is not compared: its table keeps one row.
    """
    operators = key.operators or ("OPERATOR(pg_catalog.=)",) * len(key.columns)
    pairs = [
        f" AND a.{name} {operator} b.{name}"
        for name, operator in zip(map(identifier, key.columns), operators, strict=False)
        if key.plain
    ]
    query = (
        f"SELECT FROM {plain(table.name)} a JOIN {plain(table.name)} b ON a.ctid <> b.ctid"
        f"{''.join(pairs)} LIMIT 1"
    )
    if connection.execute(query.encode(), []).fetchone() is not None:
        raise psycopg.errors.UniqueViolation(f"rows conflict in {key.name}")
