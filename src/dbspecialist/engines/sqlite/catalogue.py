"""The catalogue of a SQLite file: its schema table, and what PRAGMAs say of tables."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from dbspecialist.engines.sqlite.names import quoted, shown
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

_SCHEMA = """
SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema
WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, rowid
"""
_STRINGS = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.S
)
_CHECK = re.compile(r"\bCHECK\s*\(", re.IGNORECASE)

Rows = list[tuple[object, ...]]


def read_catalogue(connection: sqlite3.Connection) -> Catalogue:
    """Read tables with their parts, indexes, views and triggers.

    A view or trigger that no longer compiles has the engine's reason as its attribute `error`.
    """
    return Catalogue(tuple(_objects(connection)))


def _objects(connection: sqlite3.Connection) -> Iterator[SchemaObject]:
    found = connection.execute(_SCHEMA).fetchall()
    tables = {name for kind, name, _, _ in found if kind == "table"}
    for kind, name, table, sql in found:
        if kind == "table":
            yield from _table(connection, name, sql)
        elif kind == "index" and sql:
            attributes = {**_index(connection, name), "definition": _plain(sql)}
            yield SchemaObject("index", shown(name), shown(table), attributes, sql)
        elif kind == "view":
            error = _refusal(connection, f"SELECT * FROM {quoted(name)} LIMIT 0")
            attributes = {"definition": _plain(sql), "error": error}
            yield SchemaObject("view", shown(name), "", attributes, sql)
        elif kind == "trigger":
            error = _trigger_error(connection, name, table, sql) if table in tables else ""
            attributes = {"definition": _plain(sql), "error": error}
            yield SchemaObject("trigger", shown(name), shown(table), attributes, sql)


def _plain(sql: str) -> str:
    return " ".join(sql.split())


def _table(connection: sqlite3.Connection, name: str, sql: str) -> Iterator[SchemaObject]:
    silent = _STRINGS.sub("''", sql)
    tail = silent.rpartition(")")[2].upper()
    table = shown(name)
    attributes = {
        "strict": "yes" if re.search(r"\bSTRICT\b", tail) else "",
        "without_rowid": "yes" if re.search(r"\bWITHOUT\s+ROWID\b", tail) else "",
        "autoincrement": "yes" if re.search(r"\bAUTOINCREMENT\b", silent, re.I) else "",
        "virtual": "yes" if re.match(r"\s*CREATE\s+VIRTUAL\b", silent, re.I) else "",
        "checks": "; ".join(checks_of(sql)),
    }
    yield SchemaObject("table", table, "", attributes, sql)
    if attributes["virtual"]:
        return
    for _, column, kind, required, default, key, hidden in connection.execute(
        f"PRAGMA table_xinfo({quoted(name)})"
    ):
        yield SchemaObject(
            "column",
            shown(name, column),
            table,
            {
                "type": kind,
                "affinity": affinity(kind),
                "nullable": "" if required else "yes",
                "default": "" if default is None else str(default),
                "primary_key": str(key or ""),
                "generated": {2: "virtual", 3: "stored"}.get(hidden, ""),
            },
        )
    yield from _uniques(connection, name)
    yield from _foreign_keys(connection, name)


def _uniques(connection: sqlite3.Connection, table: str) -> Iterator[SchemaObject]:
    for _, index, unique, origin, _ in connection.execute(f"PRAGMA index_list({quoted(table)})"):
        if origin in {"u", "pk"} and unique:
            columns = _index(connection, index)["columns"]
            kind = "unique" if origin == "u" else "primary key"
            attributes = {"kind": kind, "columns": columns}
            name = shown(table, f"{kind} ({columns})")
            yield SchemaObject("constraint", name, shown(table), attributes)


def _index(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    columns = connection.execute(f"PRAGMA index_info({quoted(name)})").fetchall()
    return {
        "columns": ", ".join("<expression>" if item[2] is None else item[2] for item in columns)
    }


def _foreign_keys(connection: sqlite3.Connection, table: str) -> Iterator[SchemaObject]:
    found: dict[int, Rows] = {}
    for row in connection.execute(f"PRAGMA foreign_key_list({quoted(table)})"):
        found.setdefault(row[0], []).append(row)
    for parts in found.values():
        _, _, parent, _, _, on_update, on_delete, _ = parts[0]
        columns = ", ".join(str(part[3]) for part in parts)
        attributes = {
            "kind": "foreign key",
            "columns": columns,
            "references": shown(str(parent)),
            "referenced_columns": ", ".join(str(part[4] or "") for part in parts),
            "on_update": str(on_update),
            "on_delete": str(on_delete),
        }
        name = shown(table, f"foreign key ({columns})")
        yield SchemaObject("constraint", name, shown(table), attributes)


def _refusal(connection: sqlite3.Connection, sql: str) -> str:
    try:
        connection.execute(f"EXPLAIN {sql}").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return ""


def _trigger_error(connection: sqlite3.Connection, name: str, table: str, sql: str) -> str:
    """Return why a statement that fires a trigger does not compile, or ""."""
    silent = _STRINGS.sub(lambda found: " " * len(found.group()), sql)
    event = re.search(r"\b(INSERT|DELETE|UPDATE)\b", silent, re.IGNORECASE)
    column = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchone()
    statements = {
        "INSERT": f"INSERT INTO {quoted(table)} DEFAULT VALUES",
        "DELETE": f"DELETE FROM {quoted(table)}",
        "UPDATE": _update(silent, table, column[1] if column else ""),
    }
    found = _refusal(connection, statements[event[1].upper()]) if event else ""
    # Another trigger of the table may be the one that does not compile.
    return (
        found if found and not re.search(r"\btrigger (?!" + re.escape(name) + r"\b)", found) else ""
    )


def _update(sql: str, table: str, first: str) -> str:
    named = re.search(r"\bUPDATE\s+OF\s+(\w+)", sql, re.IGNORECASE)
    column = quoted(named[1] if named else first)
    return f"UPDATE {quoted(table)} SET {column} = {column}"


def affinity(kind: str) -> str:
    """Return a column's affinity (SQLite manual, "Determination Of Column Affinity")."""
    upper = kind.upper()
    if "INT" in upper:
        return "INTEGER"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in upper or not upper or upper == "ANY":
        return "BLOB"
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def checks_of(sql: str) -> tuple[str, ...]:
    """Return the conditions of a table's CHECKs, as its text has them."""
    silent = _STRINGS.sub(lambda found: "x" * len(found.group()), sql)
    found = []
    for match in _CHECK.finditer(silent):
        depth, at = 1, match.end()
        while at < len(silent) and depth:
            depth += {"(": 1, ")": -1}.get(silent[at], 0)
            at += 1
        found.append(_plain(sql[match.end() : at - 1]))
    return tuple(found)
