"""What rows hold in columns that a way back makes again: a copy that is kept, or a stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

_NAME = r"(?:\"(?:[^\"]|\"\")+\"|[\w$.])+"
_ADDED = re.compile(
    rf"ALTER TABLE (?P<table>{_NAME}) ADD COLUMN (?P<column>{_NAME}) (?P<type>.+?)"
    r"(?P<rest>(?: CONSTRAINT \S+)? NOT NULL)$",
    re.DOTALL,
)
_ADDS = re.compile(rf"ALTER TABLE (?P<table>{_NAME}) ADD COLUMN (?P<column>{_NAME}) ")
_FILLED = re.compile(r" (DEFAULT|GENERATED|COLLATE) ")

_TYPE = """
SELECT t.typcategory, t.typname,
       (SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder LIMIT 1)
FROM pg_type t WHERE t.oid = to_regtype(%s) AND t.typtype IN ('b', 'e')
"""
#: By the category of a type ("pg_type", PostgreSQL manual) a value of it, as text.
_OF_CATEGORY = {"N": "0", "S": "", "B": "false", "D": "epoch", "T": "0", "A": "{}", "V": "0"}
_OF_TYPE = {
    "uuid": "00000000-0000-0000-0000-000000000000",
    "json": "{}",
    "jsonb": "{}",
    "bytea": "",
    "date": "1970-01-01",
    "time": "00:00",
    "timetz": "00:00+00",
}


def with_stand_ins(
    statements: Sequence[str], connection: psycopg.Connection[tuple[Any, ...]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give rows a value in columns that are made again and refuse NULL.

    Args:
        statements: A way back.
        connection: To a database that knows the types.

    Returns:
        The statements, and a note for each such column.
    """
    found: list[str] = []
    notes: list[str] = []
    for sql in statements:
        added = _ADDED.match(sql)
        value = None
        if added is not None and not _FILLED.search(f"{added['type']} "):
            value = _stand_in(added["type"], connection)
        if added is None or value is None:
            found.append(sql)
            continue
        table, column = added["table"], added["column"]
        given = f"ALTER TABLE {table} ADD COLUMN {column} {added['type']} DEFAULT {value}"
        found.append(given + added["rest"])
        found.append(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
        notes.append(f"rows get {value} in column {table}.{column}, which is NOT NULL")
    return tuple(found), tuple(notes)


def _stand_in(type_: str, connection: psycopg.Connection[tuple[Any, ...]]) -> str | None:
    row = connection.execute(_TYPE, [type_]).fetchone()
    if row is None:
        return None
    category, name, label = row
    text = label if label is not None else _OF_TYPE.get(name, _OF_CATEGORY.get(category))
    return None if text is None else "'" + text.replace("'", "''") + "'"


def with_copies(statements: Sequence[str], kept: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the statements, with an UPDATE behind each column that another has the values of.

    Args:
        statements: A way back.
        kept: The table, the column, and the column that has its values.
    """
    places = {(table, column): place for table, column, place in kept}
    for sql in statements:
        yield sql
        added = _ADDS.match(sql)
        if added is None:
            continue
        table, column = added["table"], added["column"]
        place = places.get((table, column))
        if place is not None:
            yield f"UPDATE {table} SET {column} = {place} WHERE {place} IS NOT NULL"
