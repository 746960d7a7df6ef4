"""Change made-up rows to what a migration asks for: a key that it names, no NULL in a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.names import bare
from dbspecialist.twins.rows.filling import unwatched

#: The row is made anew: an identity column that is GENERATED ALWAYS takes no UPDATE.
_GIVE = """
    WITH picked AS (SELECT tableoid AS part, ctid AS place FROM {table} ORDER BY 1, 2 LIMIT 1),
      old AS (DELETE FROM {table} AS t USING picked
               WHERE t.tableoid = picked.part AND t.ctid = picked.place RETURNING t.*)
    INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} FROM old
"""


def give_row(
    connection: psycopg.Connection[Any],
    catalogue: Catalogue,
    table: str,
    values: Mapping[str, str],
) -> bool:
    """Give the first row of a table these values; rows that refer to it follow.

    The row given last is the table's last, so that several calls change several rows.

    Args:
        connection: One that may switch triggers off.
        catalogue: The database's.
        table: Schema-qualified, quoted as the engine prints it.
        values: The texts of the values, by column.

    Returns:
        Whether there was a row, and every constraint let it have them.
    """
    try:
        with unwatched(connection):
            return _given(connection, catalogue, table, values)
    except psycopg.Error:
        return False


def fill_nulls(connection: psycopg.Connection[Any], table: str, column: str) -> bool:
    """Put a value that a column has into the rows that hold NULL; tell whether that was done."""
    held = f"FROM {table} WHERE {column} IS NOT NULL"
    query = (
        f"UPDATE {table} SET {column} = (SELECT {column} {held} LIMIT 1) "
        f"WHERE {column} IS NULL AND EXISTS (SELECT {held})"
    )
    try:
        with unwatched(connection):
            return connection.execute(query.encode()).rowcount > 0
    except psycopg.Error:
        return False


def _given(
    connection: psycopg.Connection[Any],
    catalogue: Catalogue,
    table: str,
    values: Mapping[str, str],
) -> bool:
    items = [
        item for item in catalogue.parts_of(table, "column") if "generated" not in item.attributes
    ]
    names = [item.name.removeprefix(f"{table}.") for item in items]
    types = dict(zip(names, (item.attributes["type"] for item in items), strict=True))
    new = {name: text for key, text in values.items() for name in names if bare(name) == bare(key)}
    if len(new) < len(values):
        return False
    kept = ", ".join(f"{name}::text" for name in new)
    query = f"SELECT {kept} FROM {table} ORDER BY tableoid, ctid LIMIT 1"
    old = connection.execute(query.encode()).fetchone()
    if old is None:
        return False
    written = [f"%s::text::{types[name]}" if name in new else name for name in names]
    give = _GIVE.format(table=table, columns=", ".join(names), values=", ".join(written))
    connection.execute(give.encode(), [new[name] for name in names if name in new])
    before = dict(zip(new, old, strict=True))
    _let_follow(connection, catalogue, table, {name: (before[name], new[name]) for name in new})
    return True


def _let_follow(
    connection: psycopg.Connection[Any],
    catalogue: Catalogue,
    table: str,
    changes: Mapping[str, tuple[str | None, str]],
) -> None:
    """Change the columns of foreign keys that refer to the row."""
    for key in catalogue.of_kind("constraint"):
        if key.attributes.get("referenced") != table:
            continue
        mine = key.attributes["columns"].split(", ")
        theirs = key.attributes["referenced_columns"].split(", ")
        for here, there in zip(mine, theirs, strict=True):
            if there in changes:
                type_ = catalogue.by_key["column", f"{key.parent}.{here}"].attributes["type"]
                query = (
                    f"UPDATE {key.parent} SET {here} = %s::text::{type_} WHERE {here}::text = %s"
                )
                connection.execute(query.encode(), [changes[there][1], changes[there][0]])
