"""Foreign keys between the tables that are filled: order, late references, final check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.twins.rows.slots import nullable
from dbspecialist.twins.rows.structure import ForeignKey, Structure, Table

Stored = Mapping[str, Sequence[Mapping[str, str | None]]]
#: Removing a row can leave others dangling; cycles longer than this are emptied.
PASSES = 8


def needed(structure: Structure) -> dict[str, tuple[str, ...]]:
    """Return the columns that foreign keys refer to, by the table that holds them."""
    found: dict[str, set[str]] = defaultdict(set)
    for table in structure.tables.values():
        for key in table.foreign_keys:
            for holder in structure.holders(key.target):
                found[holder].update(key.target_columns)
    return {name: tuple(sorted(columns)) for name, columns in found.items()}


def ordered(structure: Structure, names: Collection[str]) -> list[str]:
    """Order tables after those they refer to; a cycle is cut where NULL allows it.

    A table stands before one it refers to only in a cycle.
    """
    waiting = dict.fromkeys(names)
    unmet = {name: _targets(structure, name, waiting, required=False) for name in names}
    found: list[str] = []
    while waiting:
        ready = [name for name in waiting if not unmet[name] & waiting.keys()]
        if not ready:
            ready = [
                min(
                    waiting,
                    key=lambda name: (
                        len(_targets(structure, name, waiting, required=True)),
                        -sum(
                            name in targets for other, targets in unmet.items() if other in waiting
                        ),
                        name,
                    ),
                )
            ]
        found += ready
        for name in ready:
            del waiting[name]
    return found


def _targets(
    structure: Structure, name: str, among: Collection[str], *, required: bool
) -> set[str]:
    table = structure.tables[name]
    return {
        holder
        for key in table.foreign_keys
        if not (required and nullable(table, key))
        for holder in structure.holders(key.target)
        if holder != name and holder in among
    }


def own_keys(table: Table) -> tuple[list[ForeignKey], list[ForeignKey]]:
    """Return the keys by which each row must refer to a row of its own table, and the others.

    A row satisfies the former by referring to itself.
    """
    own = [key for key in table.foreign_keys if key.target == table.name]
    own = [key for key in own if not nullable(table, key)]
    return own, [key for key in table.foreign_keys if key not in own]


def connect(
    connection: psycopg.Connection[Any],
    structure: Structure,
    postponed: Sequence[tuple[str, ForeignKey]],
    stored: Stored,
    rng: Random,
) -> None:
    """Point references that had to wait at rows that are there now, all but one of a table.

    The engine judges each: what a CHECK or a unique index refuses stays NULL.
    """
    for name, key in postponed:
        table = structure.tables[name]
        rows = [row for holder in structure.holders(key.target) for row in stored.get(holder, ())]
        rows = [row for row in rows if all(row[part] is not None for part in key.target_columns)]
        if not rows:
            continue
        places = connection.execute(
            sql.SQL("SELECT ctid::text FROM {0} ORDER BY ctid").format(_relation(name))
        ).fetchall()
        start = rng.randrange(len(rows))
        for number, (place,) in enumerate(places[1:]):
            _point(connection, table, key, place, rows[(start + number) % len(rows)])


def _point(
    connection: psycopg.Connection[Any],
    table: Table,
    key: ForeignKey,
    place: str,
    row: Mapping[str, str | None],
) -> bool:
    pairs = list(zip(key.columns, key.target_columns, strict=True))
    free = set(nullable(table, key))
    change = sql.SQL(", ").join(
        sql.SQL("{0} = %s::text::{1}").format(
            sql.Identifier(name), _text(table.column[name].declared)
        )
        for name, _ in pairs
        if name in free
    )
    same = sql.SQL("").join(
        sql.SQL(" AND {0}::text = %s").format(sql.Identifier(name))
        for name, _ in pairs
        if name not in free
    )
    query = sql.SQL("UPDATE {0} SET {1} WHERE ctid = %s::tid{2}").format(
        _relation(table.name), change, same
    )
    values = [row[part] for name, part in pairs if name in free]
    values += [place, *(row[part] for name, part in pairs if name not in free)]
    try:
        with connection.transaction():
            return connection.execute(query, values).rowcount == 1
    except (psycopg.IntegrityError, psycopg.DataError):
        return False


def remove_dangling(
    connection: psycopg.Connection[Any], structure: Structure, names: Collection[str]
) -> dict[str, str]:
    """Delete rows whose foreign keys hold nothing, and say of which tables by which key."""
    removed: dict[str, str] = {}
    keys = [
        (structure.tables[name], key)
        for name in names
        for key in structure.tables[name].foreign_keys
    ]
    for _ in range(PASSES):
        dangling = _dangling(connection, keys)
        if not dangling:
            break
        for table, key in dangling:
            query = sql.SQL("DELETE FROM {0} AS c WHERE {1}").format(
                _relation(table.name), _condition(key)
            )
            connection.execute(query)
            removed[table.name] = f"its rows found no row of {key.target} for {key.name}"
    return removed


def _dangling(
    connection: psycopg.Connection[Any], keys: Sequence[tuple[Table, ForeignKey]]
) -> list[tuple[Table, ForeignKey]]:
    if not keys:
        return []
    parts = [
        sql.SQL("SELECT {0} WHERE EXISTS (SELECT FROM {1} AS c WHERE {2})").format(
            sql.Literal(number), _relation(table.name), _condition(key)
        )
        for number, (table, key) in enumerate(keys)
    ]
    found = connection.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall()
    return [keys[number] for (number,) in found]


def _condition(key: ForeignKey) -> sql.Composable:
    pairs = zip(key.columns, key.target_columns, strict=True)
    same = [
        sql.SQL("p.{0} = c.{1}").format(sql.Identifier(part), sql.Identifier(name))
        for name, part in pairs
    ]
    given = [sql.SQL("c.{0} IS NOT NULL").format(sql.Identifier(name)) for name in key.columns]
    some = sql.SQL(" OR " if key.full else " AND ").join(given)
    return sql.SQL("({0}) AND NOT EXISTS (SELECT FROM {1} AS p WHERE {2})").format(
        some, _relation(key.target), sql.SQL(" AND ").join(same)
    )


def _relation(name: str) -> sql.Composable:
    return _text(name)


def _text(text: str) -> sql.SQL:
    return sql.SQL(text.replace("%", "%%"))
