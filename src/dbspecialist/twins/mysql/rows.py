"""A few rows in every table, of what its types allow at their edges.

Row 1 has each column's largest value, row 2 is NULL wherever it may be, row 3 is ordinary. Columns
of keys and foreign keys hold the row's number, so that keys differ and references meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.mysql.driver import Connection, MySQLError, execute
from dbspecialist.engines.mysql.names import in_sql, parts, quoted
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

ROWS = 3
_TYPE = re.compile(r"(\w+)(?:\(([^)]*)\))?(.*)", re.DOTALL)
_LARGEST = {"tinyint": 127, "smallint": 32_767, "mediumint": 8_388_607}
_LARGEST |= {"int": 2_147_483_647, "bigint": 9_223_372_036_854_775_807}
#: The longest text that is written.
_LONGEST = 4000
_TEXTS = {"tinytext": 255, "text": _LONGEST, "mediumtext": _LONGEST, "longtext": _LONGEST}


def fill(session: Connection, catalogue: Catalogue) -> list[str]:
    """Put rows into every table; return the tables that took none, and why."""
    refused = []
    execute(session, "SET SESSION foreign_key_checks = 0")
    for table in catalogue.of_kind("table"):
        for number in range(1, ROWS + 1):
            try:
                try:
                    execute(session, _insert(catalogue, table, number, edges=True))
                except MySQLError:  # a CHECK, which ordinary values may pass
                    execute(session, _insert(catalogue, table, number, edges=False))
            except MySQLError as error:
                refused.append(f"sample row {number} of {table.name}: {error.args[-1]}")
    execute(session, "SET SESSION foreign_key_checks = 1")
    return refused


def _insert(catalogue: Catalogue, table: SchemaObject, number: int, *, edges: bool) -> str:
    columns = list(_written(catalogue, table))
    keys = _keys(catalogue, table.name)
    values = [
        _value(item, number, is_plain=not edges or parts(item.name)[-1] in keys) for item in columns
    ]
    names = ", ".join(quoted(parts(item.name)[-1]) for item in columns)
    return f"INSERT INTO {in_sql(table.name)} ({names}) VALUES ({', '.join(values)})"


def _written(catalogue: Catalogue, table: SchemaObject) -> Iterator[SchemaObject]:
    for item in catalogue.parts_of(table.name, "column"):
        made = item.attributes["generated"] not in {"", "NULL"}
        if not made and "GENERATED" not in item.attributes["extra"].upper().replace(
            "DEFAULT_GENERATED", ""
        ):
            yield item


def _keys(catalogue: Catalogue, table: str) -> set[str]:
    """Return the columns whose values must differ, or meet those of another table."""
    found: set[str] = set()
    for item in catalogue.parts_of(table, "index", "constraint"):
        if item.attributes["kind"] in {"primary key", "unique", "foreign key"}:
            columns = item.attributes["columns"].split(", ")
            found |= {re.sub(r"\(\d+\)$", "", column) for column in columns}
    for item in catalogue.of_kind("constraint"):
        if item.attributes.get("references") == table:
            found |= set(item.attributes["referenced_columns"].split(", "))
    return found


def _value(column: SchemaObject, number: int, *, is_plain: bool) -> str:
    if number == 2 and not is_plain and column.attributes["nullable"] == "YES":
        return "NULL"
    found = _TYPE.match(column.attributes["type"].lower())
    kind, size, rest = found.groups("") if found else ("", "", "")
    largest = number == 1 and not is_plain
    if kind in _LARGEST:
        top = _LARGEST[kind] * 2 + 1 if "unsigned" in rest else _LARGEST[kind]
        return str(top if largest else number)
    if kind in {"enum", "set"}:
        values = [str(item) for item in re.findall(r"'(?:[^']|'')*'", size)]
        return values[-1] if largest else values[(number - 1) % len(values)]
    if largest and (made := _largest(kind, size)):
        return made
    return _ORDINARY.get(kind, "'{n}'").replace("{n}", str(number))


#: Literals by type, with `{n}` for the row's number; text for all others.
_ORDINARY = {
    **dict.fromkeys(("decimal", "float", "double", "bit"), "{n}"),
    **dict.fromkeys(("date", "datetime", "timestamp"), "'203{n}-01-0{n}'"),
    "time": "'0{n}:00:00'",
    "year": "203{n}",
    "json": "'{\"n\": {n}}'",
    "uuid": "'00000000-0000-0000-0000-00000000000{n}'",
    "inet4": "'10.0.0.{n}'",
    "inet6": "'::{n}'",
    **dict.fromkeys(("point", "geometry"), "ST_GeomFromText('POINT({n} {n})')"),
    "linestring": "ST_GeomFromText('LINESTRING(0 0, {n} {n})')",
    "polygon": "ST_GeomFromText('POLYGON((0 0, 0 {n}, {n} {n}, 0 0))')",
}


def _largest(kind: str, size: str) -> str:
    """Return the largest value of a type, or "" where an ordinary one does."""
    if kind == "decimal":
        digits, _, after = size.partition(",")
        whole = "9" * (int(digits or 10) - int(after or 0))
        return f"{whole or '0'}.{'9' * int(after or 0) or '0'}"
    if kind == "bit":
        return f"b'{'1' * int(size or 1)}'"
    if kind in {"char", "varchar"}:
        return "'" + "é" * min(int(size or 1), _LONGEST) + "'"
    if kind in {"binary", "varbinary"}:
        return "'" + "x" * min(int(size or 1), _LONGEST) + "'"
    if kind in _TEXTS:
        return "'" + "é" * (_TEXTS[kind] // 4) + "'"
    return ""
