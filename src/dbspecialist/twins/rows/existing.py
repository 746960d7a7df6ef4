"""Rows that a twin holds already: they stay, and foreign keys may refer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from dbspecialist.twins.rows.pools import Literal
from dbspecialist.twins.rows.structure import Structure
from dbspecialist.twins.rows.text import identifier, plain

#: Rows that are read of a table.
EXISTING = 50


def read_existing(
    connection: psycopg.Connection[Any],
    structure: Structure,
    needed: Mapping[str, Sequence[str]],
) -> dict[str, list[dict[str, Literal]]]:
    """Read the columns that foreign keys refer to, of every table that holds rows."""
    names = list(structure.tables)
    if not names:
        return {}
    parts = [
        f"SELECT {number} WHERE EXISTS (SELECT FROM ONLY {plain(name)})"
        for number, name in enumerate(names)
    ]
    found = connection.execute(" UNION ALL ".join(parts).encode(), []).fetchall()
    holding = [names[number] for (number,) in found]
    return {name: _rows(connection, name, needed.get(name, ())) for name in holding}


def _rows(
    connection: psycopg.Connection[Any], name: str, columns: Sequence[str]
) -> list[dict[str, Literal]]:
    listed = ", ".join(f"{identifier(item)}::text" for item in columns) or "1"
    query = f"SELECT {listed} FROM ONLY {plain(name)} LIMIT {EXISTING}"
    rows = connection.execute(query.encode(), []).fetchall()
    return [dict(zip(columns, row, strict=False)) for row in rows]
