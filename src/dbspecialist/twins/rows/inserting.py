"""Insert rows; what the engine refuses is left out and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.twins.rows.judging import ORDER, arguments, source
from dbspecialist.twins.rows.slots import Row
from dbspecialist.twins.rows.structure import Key, Table


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
    target = sql.SQL(table.name.replace("%", "%%"))
    outcome = sql.SQL(", ").join(
        [sql.SQL("{0}::text").format(sql.Identifier(name)) for name in returned]
        or [sql.Composed([sql.SQL("NULL")])]
    )
    names = list(rows[0])
    if not names:
        found = []
        for _ in rows:
            query = sql.SQL("INSERT INTO {0} DEFAULT VALUES RETURNING {1}").format(target, outcome)
            found += connection.execute(query).fetchall()
    else:
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        query = sql.SQL(
            "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM {2} ORDER BY {3}{4}"
            " RETURNING {5}"
        ).format(
            target,
            columns,
            source(table, names),
            ORDER,
            sql.SQL(" ON CONFLICT DO NOTHING" if on_conflict else ""),
            outcome,
        )
        found = connection.execute(query, arguments(rows, names)).fetchall()
    return [dict(zip(returned, row, strict=False)) for row in found]


def _require_unique(connection: psycopg.Connection[Any], table: Table, key: Key) -> None:
    """Raise what the engine would raise at COMMIT, had its deferred trigger been on.

    A deferrable constraint over expressions is not compared: its table keeps one row.
    """
    target = sql.SQL(table.name.replace("%", "%%"))
    operators = key.operators or ("OPERATOR(pg_catalog.=)",) * len(key.columns)
    pairs = [
        sql.SQL("a.{0} {1} b.{0}").format(sql.Identifier(name), sql.SQL(operator))
        for name, operator in zip(key.columns, operators, strict=False)
    ]
    query = sql.SQL("SELECT FROM {0} a JOIN {0} b ON a.ctid <> b.ctid{1} LIMIT 1").format(
        target, sql.SQL("").join([sql.SQL(" AND ") + pair for pair in pairs if key.plain])
    )
    if connection.execute(query).fetchone() is not None:
        raise psycopg.errors.UniqueViolation(f"rows conflict in {key.name}")
