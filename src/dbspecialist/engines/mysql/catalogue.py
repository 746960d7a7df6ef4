"""The catalogue of one database: every object and the SQL that makes it.

Source: MySQL manual, "INFORMATION_SCHEMA Tables" and "SHOW CREATE TABLE Statement".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.mysql.driver import Connection, rows
from dbspecialist.engines.mysql.names import quoted, shown
from dbspecialist.engines.mysql.programs import read_programs, read_views
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
_COLUMNS = """
SELECT table_name, column_name, ordinal_position, column_type, is_nullable, column_default,
  extra, character_set_name, collation_name, generation_expression, column_comment
FROM information_schema.columns WHERE table_schema = %s {one} ORDER BY table_name, ordinal_position
"""
_INDEXES = """
SELECT table_name, index_name, non_unique, index_type, seq_in_index, {column}, sub_part, collation
FROM information_schema.statistics WHERE table_schema = %s {one}
ORDER BY table_name, index_name, seq_in_index
"""
_FOREIGN_KEYS = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema,
  k.referenced_table_name, k.referenced_column_name, r.update_rule, r.delete_rule
FROM information_schema.key_column_usage k
JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
  AND r.table_name = k.table_name
WHERE k.table_schema = %s {one} AND k.referenced_table_name IS NOT NULL
ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
_CHECKS = {
    "mariadb": """
SELECT table_name, constraint_name, check_clause
FROM information_schema.check_constraints WHERE constraint_schema = %s {one}
""",
    "mysql": """
SELECT t.table_name, c.constraint_name, c.check_clause
FROM information_schema.check_constraints c
JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name)
WHERE c.constraint_schema = %s {one} AND t.constraint_type = 'CHECK'
""",
}
_TABLES = """
SELECT table_name, table_type, engine, row_format, table_collation, table_comment, create_options
FROM information_schema.tables
WHERE table_schema = %s {one} AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
ORDER BY table_name
"""


def read_catalogue(
    connection: Connection,
    database: str,
    engine: str,
    unseen: list[str] | None = None,
    *,
    texts: bool = True,
) -> Catalogue:
    """Read one database: tables, their parts, views, triggers, routines and events.

    Args:
        connection: A session in that database: how views are printed depends on it.
        unseen: Gets a sentence for each text that the server refuses to show.
        texts: Whether the SQL that makes each table is wanted; to compare catalogues it is not.
    """
    tables = rows(connection, _TABLES.format(one=""), [database])
    views = [str(row[0]) for row in tables if row[1] == "VIEW"]
    return Catalogue(
        (
            *_tables(connection, database, engine, tables, texts=texts),
            *read_views(connection, database, views, unseen),
            *read_programs(connection, database, unseen),
        )
    )


def read_table(connection: Connection, database: str, table: str, engine: str) -> Catalogue:
    """Read one table and its parts; nothing where it is not there."""
    found = rows(connection, _TABLES.format(one=_ONE.format(alias="")), [database, table])
    return Catalogue(tuple(_tables(connection, database, engine, found, table)))


#: What narrows a query to one table.
_ONE = "AND {alias}table_name = %s"


def _asked(query: str, database: str, table: str, alias: str = "") -> tuple[str, list[str]]:
    """Return a query for one table, or for all of a database, with its parameters."""
    if not table:
        return query.replace("{one}", ""), [database]
    return query.replace("{one}", _ONE.format(alias=alias)), [database, table]


def _tables(
    connection: Connection,
    database: str,
    engine: str,
    tables: list[tuple[Any, ...]],
    only: str = "",
    *,
    texts: bool = True,
) -> Iterator[SchemaObject]:
    for name, kind, storage, row_format, collation, comment, options in tables:
        if kind != "VIEW":
            wanted = texts or "partitioned" in options
            create = _create(connection, database, name) if wanted else ""
            attributes = {
                "engine": storage or "",
                "row_format": row_format or "",
                "collation": collation or "",
                "comment": comment,
                "options": options,
                "partitions": _partitions(create),
            }
            yield SchemaObject("table", shown(database, name), "", attributes, create)
    real = {row[0] for row in tables if row[1] != "VIEW"}
    yield from _columns(connection, database, real, only)
    yield from _indexes(connection, database, engine, only)
    yield from _foreign_keys(connection, database, only)
    yield from _checks(connection, database, engine, only)


def _create(connection: Connection, database: str, name: str) -> str:
    found = rows(connection, f"SHOW CREATE TABLE {quoted(database)}.{quoted(name)}")
    return _COUNTER.sub("", str(found[0][1]))


def _partitions(create: str) -> str:
    _, mark, rest = create.partition("\n PARTITION BY")
    if not mark:
        _, mark, rest = create.partition("\n/*!50100 PARTITION BY")
    return " ".join(rest.split())


def _columns(
    connection: Connection, database: str, tables: set[str], only: str
) -> Iterator[SchemaObject]:
    before: dict[str, str] = {}
    for row in rows(connection, *_asked(_COLUMNS, database, only)):
        table, name, _position, kind, nullable, default, extra, charset, collation, made, note = row
        if table not in tables:
            continue
        attributes = {
            "type": _text(kind),
            "nullable": nullable,
            "default": "" if default is None else _text(default),
            "extra": extra,
            "charset": charset or "",
            "collation": collation or "",
            "generated": _text(made or ""),
            "comment": _text(note),
            "position": f"after {before[table]}" if table in before else "first",
        }
        before[table] = name
        yield SchemaObject(
            "column", shown(database, table, name), shown(database, table), attributes
        )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _indexes(
    connection: Connection, database: str, engine: str, only: str
) -> Iterator[SchemaObject]:
    # MySQL 8.0.13 has functional key parts, whose column is NULL.
    column = "column_name" if engine == "mariadb" else "coalesce(column_name, expression)"
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    query = _INDEXES.replace("{column}", column)
    for row in rows(connection, *_asked(query, database, only)):
        found.setdefault((row[0], row[1]), []).append(row)
    for (table, name), parts in found.items():
        _, _, repeats, method, *_ = parts[0]
        kind = "index" if repeats else "unique"
        columns = [
            f"{part[5]}({part[6]})"
            if part[6] and method not in {"FULLTEXT", "SPATIAL"}
            else part[5]
            for part in parts
        ]
        attributes = {
            "kind": "primary key" if name == "PRIMARY" else kind,
            "method": method,
            "columns": ", ".join(columns),
            "descending": ", ".join(part[5] for part in parts if part[7] == "D"),
        }
        yield SchemaObject(
            "index", shown(database, table, name), shown(database, table), attributes
        )


def _foreign_keys(connection: Connection, database: str, only: str) -> Iterator[SchemaObject]:
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in rows(connection, *_asked(_FOREIGN_KEYS, database, only, "k.")):
        found.setdefault((row[0], row[1]), []).append(row)
    for (table, name), parts in found.items():
        _, _, _, schema, parent, _, on_update, on_delete = parts[0]
        attributes = {
            "kind": "foreign key",
            "columns": ", ".join(part[2] for part in parts),
            "references": shown(schema, parent),
            "referenced_columns": ", ".join(part[5] for part in parts),
            "on_update": on_update,
            "on_delete": on_delete,
        }
        yield SchemaObject(
            "constraint", shown(database, table, name), shown(database, table), attributes
        )


def _checks(
    connection: Connection, database: str, engine: str, only: str
) -> Iterator[SchemaObject]:
    alias = "t." if engine == "mysql" else ""
    for table, name, clause in rows(connection, *_asked(_CHECKS[engine], database, only, alias)):
        attributes = {"kind": "check", "expression": _text(clause)}
        yield SchemaObject(
            "constraint", shown(database, table, name), shown(database, table), attributes
        )
