"""Storage: the numbers that the dictionary has for tables and indexes.

A table whose storage is written anew gets a new number, and so does each new index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dbspecialist.engines.mysql.driver import Connection, rows
from dbspecialist.engines.mysql.names import shown

_TABLES = """
SELECT name, table_id FROM information_schema.{view} WHERE name LIKE %s
"""
_INDEXES = """
SELECT t.name, i.name, i.index_id FROM information_schema.{view}indexes i
JOIN information_schema.{view}tables t USING (table_id) WHERE t.name LIKE %s
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
    pattern = database.replace("_", "\\_").replace("%", "\\%") + "/%"
    tables: dict[str, str] = {}
    for path, number in rows(admin, _TABLES.format(view=f"{view}tables"), [pattern]):
        if _AUXILIARY.search(path):
            continue
        name = _shown(path)
        tables[name] = f"{tables[name]} {number}" if name in tables else str(number)
    for name, made in rows(admin, _OTHERS, [database]):
        tables[shown(database, name)] = str(made)
    indexes = {
        f"{_shown(path)}.{shown(index)}#{number}": (str(number), _shown(path))
        for path, index, number in rows(admin, _INDEXES.format(view=view), [pattern])
        if not _AUXILIARY.search(path) and index != "FTS_DOC_ID_INDEX"
    }
    return Storage(tables, indexes)


#: Tables behind full-text indexes (MySQL manual, "InnoDB Full-Text Index Tables").
_AUXILIARY = re.compile(r"/(FTS|fts)_[0-9a-f]{16}_")


def _shown(path: str) -> str:
    """Write a name of the dictionary (`shop/orders#P#p0`) as reports show it."""
    database, _, table = path.partition("/")
    return shown(database, table.partition("#P#")[0].partition("#p#")[0])
