"""Storage: the numbers that the dictionary has for tables and indexes.

A table whose storage is written anew gets a new number, and so does each new index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dbspecialist.engines.mysql.driver import Connection, rows
from dbspecialist.engines.mysql.names import shown

#: A part of a name as SQL has it. The dictionary writes names as files are named, where a space is
#: `@0020` (MySQL manual, "Mapping of Identifiers to File Names").
_PLAIN = "convert(convert(cast({part} AS binary) USING filename) USING utf8mb4)"
_NAME = (
    _PLAIN.format(part="substring_index(t.name, '/', 1)")
    + " AS home, "
    + _PLAIN.format(part="substring_index(substring_index(t.name, '/', -1), '#', 1)")
    + " AS relation"
)
_TABLES = (
    "SELECT {name}, t.name, t.table_id FROM information_schema.{view}tables t HAVING home = %s"
)
_INDEXES = """
SELECT {name}, t.name, i.name, i.index_id FROM information_schema.{view}indexes i
JOIN information_schema.{view}tables t USING (table_id) HAVING home = %s
"""
_OTHERS = """
SELECT table_name, concat(engine, create_time) FROM information_schema.tables
WHERE table_schema = %s AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """What numbers the dictionary has for tables and indexes, by shown name."""

    tables: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def read_storage(admin: Connection, database: str, engine: str) -> Storage:
    """Read the numbers of tables and indexes."""
    view = "innodb_sys_" if engine == "mariadb" else "innodb_"
    tables: dict[str, str] = {}
    for home, table, path, number in rows(admin, _TABLES.format(name=_NAME, view=view), [database]):
        if home == database and not _AUXILIARY.search(path):
            name = shown(home, table)
            tables[name] = f"{tables[name]} {number}" if name in tables else str(number)
    for name, made in rows(admin, _OTHERS, [database]):
        tables[shown(database, name)] = str(made)
    indexes = {
        f"{shown(home, table)}.{shown(index)}#{number}": (str(number), shown(home, table))
        for home, table, path, index, number in rows(
            admin, _INDEXES.format(name=_NAME, view=view), [database]
        )
        if home == database and not _AUXILIARY.search(path) and index != "FTS_DOC_ID_INDEX"
    }
    return Storage(tables, indexes)


#: Tables behind full-text indexes (MySQL manual, "InnoDB Full-Text Index Tables").
_AUXILIARY = re.compile(r"/(FTS|fts)_[0-9a-f]{16}_")
