"""Values for columns that came after the rows: all of them NULL, in tables that hold rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any

import psycopg

from dbspecialist.twins.rows.hints import hints
from dbspecialist.twins.rows.pools import Literal, Pool, Wanted
from dbspecialist.twins.rows.structure import Column, ForeignKey, Table
from dbspecialist.twins.rows.text import identifier, plain

#: Rows of a table that get values, and values that are tried for each.
MOST_ROWS, MOST_TRIES = 50, 6

Draw = Callable[[Table, Column, Wanted], Pool]


def empty_columns(
    connection: psycopg.Connection[Any], tables: Sequence[Table], anew: Collection[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Return the columns that tell no row from another, by table.

    They are NULL in every row, or are named in `anew` and have one value in all rows.
    """
    free = {table.name: _free(table, anew) for table in tables}
    asked = [table.name for table in tables if free[table.name]]
    if not asked:
        return {}
    parts = []
    for number, name in enumerate(asked):
        given = ", ".join(condition for _, condition in free[name])
        parts.append(f"SELECT {number}, ARRAY[{given}] FROM ONLY {plain(name)}")
    found = connection.execute(" UNION ALL ".join(parts).encode(), []).fetchall()
    return {
        asked[number]: tuple(
            name
            for (name, _), used in zip(free[asked[number]], given, strict=True)
            if used is False
        )
        for number, given in found
    }


def late_references(table: Table, columns: Collection[str]) -> list[ForeignKey]:
    """Return the foreign keys whose columns are all among the given ones."""
    return [key for key in table.foreign_keys if set(key.columns) <= set(columns)]


def complete(
    connection: psycopg.Connection[Any],
    table: Table,
    columns: Sequence[str],
    draw: Draw,
    rng: Random,
) -> None:
    """Give values to columns of existing rows; what the engine refuses stays NULL."""
    referring = {name for key in table.foreign_keys for name in key.columns}
    for name in columns:
        if name in referring:
            continue
        query = f"SELECT ctid::text FROM ONLY {plain(table.name)} ORDER BY ctid LIMIT {MOST_ROWS}"
        places = connection.execute(query.encode(), []).fetchall()
        column = table.column[name]
        wanted = Wanted(len(places), 0, rng, distinct=name in table.unique_columns)
        drawn = draw(table, column, wanted)
        suggested = [
            text
            for check in table.checks
            if name in check.columns
            for text in hints(check.expression, column.type, rng)
        ]
        for (place,), first in zip(places, drawn.ideal, strict=False):
            tried = [first, *suggested, *drawn.options][:MOST_TRIES]
            _set_first(connection, table, column, place, tried)


def _free(table: Table, anew: Collection[str]) -> list[tuple[str, str]]:
    """Return the columns that may get values, each with the query for whether it has them."""
    found = []
    for item in table.columns:
        if item.generated or item.sequence:
            continue
        name = identifier(item.name)
        if f"{table.name}.{item.quoted}" in anew:
            found.append((item.name, f"count(DISTINCT {name}::text) > 1"))
        elif not item.not_null:
            found.append((item.name, f"bool_or({name} IS NOT NULL)"))
    return found


def _set_first(
    connection: psycopg.Connection[Any],
    table: Table,
    column: Column,
    place: str,
    tried: Sequence[Literal],
) -> None:
    """Set the first value that the engine accepts; NULL is what the row has already."""
    for text in tried:
        if text is None or update(connection, table, place, {column.name: text}):
            return


def update(
    connection: psycopg.Connection[Any],
    table: Table,
    place: str,
    values: Mapping[str, Literal],
    same: Mapping[str, Literal] | None = None,
) -> bool:
    """Set columns of the row at a place, if it holds `same`, and tell whether that was done."""
    change = ", ".join(
        f"{identifier(name)} = %s::text::{plain(table.column[name].declared)}" for name in values
    )
    held = "".join(f" AND {identifier(name)}::text = %s" for name in same or {})
    query = f"UPDATE ONLY {plain(table.name)} SET {change} WHERE ctid = %s::tid{held}"
    arguments = [*values.values(), place, *(same or {}).values()]
    try:
        with connection.transaction():
            return connection.execute(query.encode(), arguments).rowcount == 1
    except psycopg.Error:
        return False
