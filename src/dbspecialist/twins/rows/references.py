"""Foreign keys between the tables that are filled: order, late references, final check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any

import psycopg

from dbspecialist.twins.rows.completing import update
from dbspecialist.twins.rows.slots import nullable
from dbspecialist.twins.rows.structure import ForeignKey, Structure, Table
from dbspecialist.twins.rows.text import identifier, plain

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
            f"SELECT ctid::text FROM ONLY {plain(name)} ORDER BY ctid".encode(), []
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
    free = set(nullable(table, key))
    pairs = {name: row[part] for name, part in zip(key.columns, key.target_columns, strict=True)}
    values = {name: text for name, text in pairs.items() if name in free}
    same = {name: text for name, text in pairs.items() if name not in free}
    return update(connection, table, place, values, same)


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
        dangling = _dangling(connection, structure, keys)
        if not dangling:
            break
        for table, key in dangling:
            query = f"DELETE FROM ONLY {plain(table.name)} AS c WHERE {_condition(structure, key)}"
            connection.execute(query.encode(), [])
            removed[table.name] = f"its rows found no row of {key.target} for {key.name}"
    return removed


def _dangling(
    connection: psycopg.Connection[Any],
    structure: Structure,
    keys: Sequence[tuple[Table, ForeignKey]],
) -> list[tuple[Table, ForeignKey]]:
    if not keys:
        return []
    parts = [
        f"SELECT {number} WHERE EXISTS"
        f" (SELECT FROM ONLY {plain(table.name)} AS c WHERE {_condition(structure, key)})"
        for number, (table, key) in enumerate(keys)
    ]
    found = connection.execute(" UNION ALL ".join(parts).encode(), []).fetchall()
    return [keys[number] for (number,) in found]


def _condition(structure: Structure, key: ForeignKey) -> str:
    """Say that a row `c` refers to no row (PostgreSQL manual, "CREATE TABLE", MATCH)."""
    pairs = zip(key.columns, key.target_columns, strict=True)
    same = [f"p.{identifier(part)} = c.{identifier(name)}" for name, part in pairs]
    given = [f"c.{identifier(name)} IS NOT NULL" for name in key.columns]
    only = "ONLY " if key.target in structure.tables else ""  # inheriting rows do not count
    return (
        f"({(' OR ' if key.full else ' AND ').join(given)})"
        f" AND NOT EXISTS (SELECT FROM {only}{plain(key.target)} AS p WHERE {' AND '.join(same)})"
    )
