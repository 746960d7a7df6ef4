"""Made-up rows: a few in every table, that its constraints take and that refer to one another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from dbspecialist.engines.sqlite.names import bare, quoted
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

#: Rows in each table.
ROWS = 3
#: What a column of each affinity holds, one value a row.
_VALUES: dict[str, tuple[object, ...]] = {
    "INTEGER": (1, 2, 3),
    "REAL": (1.5, 2.5, 3.5),
    "NUMERIC": (1, 2.5, 3),
    "TEXT": ("007", "b", "3.10"),
    "BLOB": (b"\x01", b"\x02", b"\x03"),
}
_DATED = ("DATE", "TIME")


def fill(
    connection: sqlite3.Connection, catalogue: Catalogue, *, nulls: bool = True
) -> tuple[str, ...]:
    """Fill every empty table; return the tables that take no made-up row.

    Row N of a child refers to row N of its parent. Where a CHECK refuses a row, it stays away.

    Args:
        connection: The file's.
        catalogue: What it holds.
        nulls: Whether one row holds NULL wherever it may be.
    """
    empty = [
        item
        for item in catalogue.of_kind("table")
        if not item.attributes["virtual"]
        and connection.execute(
            f"SELECT NOT EXISTS (SELECT 1 FROM {quoted(bare(item.name))})"
        ).fetchone()[0]
    ]
    enforced = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    connection.execute("PRAGMA foreign_keys = OFF")
    triggers = [item.create for item in catalogue.of_kind("trigger")]
    for item in catalogue.of_kind("trigger"):
        connection.execute(f"DROP TRIGGER {quoted(bare(item.name))}")
    try:
        refused = tuple(
            item.name for item in empty if not _filled(connection, catalogue, item, nulls)
        )
        _drop_orphans(connection)
    finally:
        for create in triggers:
            connection.execute(create)
        connection.execute(f"PRAGMA foreign_keys = {enforced}")
    return refused


def _filled(
    connection: sqlite3.Connection, catalogue: Catalogue, table: SchemaObject, nulls: bool
) -> bool:
    columns = [
        item
        for item in catalogue.parts_of(table.name, "column")
        if not item.attributes["generated"]
    ]
    names = ", ".join(quoted(bare(item.name).split(".", 1)[1]) for item in columns)
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {quoted(bare(table.name))} ({names}) VALUES ({marks})"
    taken = 0
    for number in range(ROWS):
        for values in _tries(columns, number, nulls):
            try:
                connection.execute(sql, values)
            except sqlite3.Error:
                continue  # a CHECK, a UNIQUE or a STRICT table: other values are tried
            taken += 1
            break
    return taken > 0


def _tries(columns: list[SchemaObject], number: int, nulls: bool) -> Iterator[list[object]]:
    """Yield rows to try: the last one with NULL wherever it may be, then ordinary ones."""
    plain = [_value(item, number) for item in columns]
    if number == ROWS - 1 and nulls:
        yield [
            None if item.attributes["nullable"] and not item.attributes["primary_key"] else value
            for item, value in zip(columns, plain, strict=True)
        ]
    yield plain
    yield [1 if isinstance(value, int) else value for value in plain]
    yield [
        str(value) if item.attributes["affinity"] == "TEXT" else number + 1
        for item, value in zip(columns, plain, strict=True)
    ]


def _value(column: SchemaObject, number: int) -> object:
    kind = column.attributes["type"].upper()
    if any(word in kind for word in _DATED) and column.attributes["affinity"] == "NUMERIC":
        return f"2026-01-0{number + 1} 10:00:00"
    if "BOOL" in kind:
        return number % 2
    return _VALUES[column.attributes["affinity"]][number]


def _drop_orphans(connection: sqlite3.Connection) -> None:
    """Set right, or remove, rows that refer to none, until every foreign key holds."""
    for _ in range(ROWS * 4):
        found = connection.execute("PRAGMA foreign_key_check").fetchall()
        if not found:
            return
        for table, rowid, parent, key in found:
            _mend(connection, str(table), rowid, str(parent), int(key))


def _mend(
    connection: sqlite3.Connection, table: str, rowid: int | None, parent: str, key: int
) -> None:
    """Let a row refer to a row that is there; one that cannot is removed."""
    if rowid is None:  # WITHOUT ROWID
        connection.execute(f"DELETE FROM {quoted(table)}")
        return
    listed = connection.execute(f"PRAGMA foreign_key_list({quoted(table)})").fetchall()
    pairs = [(row[3], row[4]) for row in listed if row[0] == key]
    here = ", ".join(quoted(own) for own, _ in pairs)
    there = ", ".join(quoted(other) if other else "rowid" for _, other in pairs)
    sql = (
        f"UPDATE {quoted(table)} SET ({here}) = (SELECT {there} FROM {quoted(parent)} "
        f"ORDER BY rowid LIMIT 1 OFFSET (SELECT ({rowid} - 1) % max(count(*), 1) "
        f"FROM {quoted(parent)})) WHERE rowid = {rowid}"
    )
    try:
        connection.execute(sql)
    except sqlite3.Error:
        connection.execute(f"DELETE FROM {quoted(table)} WHERE rowid = {rowid}")
        return
    left = connection.execute(f"PRAGMA foreign_key_check({quoted(table)})").fetchall()
    if any(row[1] == rowid and row[3] == key for row in left):
        connection.execute(f"DELETE FROM {quoted(table)} WHERE rowid = {rowid}")
