"""Read from a twin's catalogue what rows must obey."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import psycopg

from dbspecialist.twins.rows import queries
from dbspecialist.twins.rows.domains import accepted
from dbspecialist.twins.rows.structure import (
    Check,
    Column,
    DataType,
    ForeignKey,
    Key,
    Structure,
    Table,
)

Rows = list[tuple[Any, ...]]
#: Types nest (arrays of composites of domains …); a cycle in them is a table's own row type.
DEEPEST_TYPE = 6


def read_structure(connection: psycopg.Connection[Any]) -> Structure:
    """Read all tables outside the system's and extensions' schemas.

    The search path is empty while reading, so that every name comes out qualified.
    """
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        found = {name: cursor.execute(query).fetchall() for name, query in queries.OF_ALL.items()}
        oids = [row[0] for row in found["tables"]]
        for name, query in queries.OF_TABLES.items():
            found[name] = cursor.execute(query, [oids] * query.count("(%s)")).fetchall()
        types = _Types(found["types"], found["attributes"], found["domains"])
        types.set_accepted(accepted(connection, types.domains()))
    return _assemble(found, types)


def _assemble(found: Mapping[str, Rows], types: _Types) -> Structure:
    names = {oid: name for oid, name, *_ in found["tables"]}
    roots = {row[0]: row[4][-1] for row in found["tables"] if row[4]}
    columns, by_number = _columns(found["columns"], found["sequences"], types, roots)
    checks = _checks(found["checks"], by_number)
    keys = _keys(found["keys"], by_number)
    references = _foreign_keys(found["foreign_keys"], names, by_number)
    tables: dict[str, Table] = {}
    leaves: dict[str, list[str]] = {}
    for oid, name, alias, kind, root, bound in found["tables"]:
        if kind == "p":
            leaves.setdefault(name, [])
            continue
        for ancestor in root or ():
            leaves.setdefault(names[ancestor], []).append(name)
        own = list(checks[oid])
        if bound:
            own.append(_partition_check(bound, columns[oid]))
        tables[name] = Table(
            name,
            alias,
            tuple(columns[oid]),
            tuple(own),
            tuple(keys[oid]),
            tuple(references[oid]),
            names[root[-1]] if root else "",
        )
    return Structure(tables, {name: tuple(items) for name, items in leaves.items()})


def _columns(
    rows: Rows, sequences: Rows, types: _Types, roots: Mapping[int, int]
) -> tuple[dict[int, list[Column]], dict[int, dict[int, str]]]:
    by_number: dict[int, dict[int, str]] = defaultdict(dict)
    for table, number, name, *_ in rows:
        by_number[table][number] = name
    drawn = {(table, by_number[table][number]): name for table, number, name in sequences}
    columns: dict[int, list[Column]] = defaultdict(list)
    for table, number, name, declared, type_oid, not_null, generated, identity, quoted in rows:
        data_type = types.get(type_oid, declared)
        owner = roots.get(table, table) if identity else table
        columns[table].append(
            Column(
                name,
                declared,
                data_type,
                number,
                not_null or data_type.not_null,
                generated or "",
                drawn.get((table, name)) or drawn.get((owner, name), ""),
                quoted,
            )
        )
    return columns, by_number


def _checks(rows: Rows, by_number: dict[int, dict[int, str]]) -> dict[int, list[Check]]:
    checks: dict[int, list[Check]] = defaultdict(list)
    for table, name, expression, numbers in rows:
        columns = tuple(by_number[table][number] for number in numbers or () if number > 0)
        checks[table].append(Check(name, expression, columns))
    return checks


def _partition_check(bound: str, columns: list[Column]) -> Check:
    used = tuple(
        item.name
        for item in columns
        if re.search(rf'(?<![\w"]){re.escape(item.name)}(?![\w"])', bound)
        or f'"{item.name}"' in bound
    )
    return Check("partition bound", bound, used)


def _keys(rows: Rows, by_number: dict[int, dict[int, str]]) -> dict[int, list[Key]]:
    keys: dict[int, list[Key]] = defaultdict(list)
    for table, name, numbers, operators, deferrable, predicate, nulls_equal, reads in rows:
        plain = all(numbers)
        columns = tuple(by_number[table][number] for number in (numbers if plain else reads or ()))
        keys[table].append(
            Key(
                name,
                columns,
                tuple(operators or ()),
                plain,
                deferrable,
                predicate or "",
                nulls_equal,
            )
        )
    return keys


def _foreign_keys(
    rows: Rows, names: Mapping[int, str], by_number: dict[int, dict[int, str]]
) -> dict[int, list[ForeignKey]]:
    references: dict[int, list[ForeignKey]] = defaultdict(list)
    for table, name, numbers, target, target_numbers, match in rows:
        if target not in names:
            continue
        references[table].append(
            ForeignKey(
                name,
                tuple(by_number[table][number] for number in numbers),
                names[target],
                tuple(by_number[target][number] for number in target_numbers),
                match == "f",
            )
        )
    return references


class _Types:
    """Data types by oid, each made once."""

    def __init__(self, types: Rows, attributes: Rows, domains: Rows) -> None:
        self._rows = {row[0]: row[1:] for row in types}
        self._attributes: dict[int, list[tuple[str, int, str]]] = defaultdict(list)
        for owner, name, type_oid, declared in attributes:
            self._attributes[owner].append((name, type_oid, declared))
        self._checks: dict[int, list[str]] = defaultdict(list)
        for owner, expression in domains:
            self._checks[owner].append(expression)
        self._made: dict[tuple[int, str], DataType] = {}
        self._accepted: Mapping[str, tuple[str, ...]] = {}

    def domains(self) -> list[DataType]:
        """Return the domains among the types."""
        return [self.get(oid) for oid, row in self._rows.items() if row[1] == "d"]

    def set_accepted(self, values: Mapping[str, tuple[str, ...]]) -> None:
        """Tell values that domains accept; types are made anew with them."""
        self._accepted = values
        self._made.clear()

    def get(self, oid: int, declared: str = "", depth: int = 0) -> DataType:
        """Return the type of that oid; `declared` carries its modifiers."""
        key = (oid, declared)
        if key not in self._made:
            self._made[key] = self._make(oid, declared, depth)
        return self._made[key]

    def _make(self, oid: int, declared: str, depth: int) -> DataType:
        if oid not in self._rows:
            return DataType(declared or "text", "b", "text", modifiers(declared))
        name, kind, base, labels, element, array, below, not_null, relation = self._rows[oid]
        inner: DataType | None = None
        if element and depth < DEEPEST_TYPE:
            passed = declared.removesuffix("[]") if array else below or ""
            inner = self.get(element, passed, depth + 1)
        attributes = {
            part: self.get(type_oid, text, depth + 1)
            for part, type_oid, text in self._attributes.get(relation or 0, ())
            if depth < DEEPEST_TYPE
        }
        return DataType(
            name,
            kind,
            inner.root.base if kind == "d" and inner else base,
            modifiers(declared if kind != "d" else below or ""),
            tuple(labels or self._accepted.get(name, ())),
            inner,
            array,
            attributes,
            tuple(self._checks.get(oid, ())),
            not_null or bool(kind == "d" and inner and inner.not_null),
        )


def modifiers(declared: str) -> tuple[int, ...]:
    """Return the numbers in parentheses of a type as `format_type` prints it."""
    found = re.search(r"\(([-\d, ]+)\)", declared)
    return tuple(int(number) for number in found[1].split(",")) if found else ()
