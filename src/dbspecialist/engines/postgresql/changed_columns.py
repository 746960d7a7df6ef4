"""Columns that a statement made, changed or dropped, from two observations of pg_attribute."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import psycopg

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import ColumnChange, Filling

_GENERATED = {"s": "stored", "v": "virtual"}
_IDENTITY = {"a": "always", "d": "by default"}


class ColumnRow(NamedTuple):
    """One column of a table, as the view dbs_twin.columns tells it.

    `missing` holds, as an array, the value of rows that are older than the column.
    """

    relation: str
    name: str
    type: str
    not_null: str
    expression: str | None
    generated: str
    identity: str
    collation: str | None
    local: bool
    dropped: bool
    missing: str | None


#: Columns by their table's object id and their own number.
Columns = Mapping[tuple[int, int], ColumnRow]

_COLUMNS = """
SELECT relation::bigint, number, relation_name, name, type, not_null, expression, generated::text,
       identity::text, collated, local, dropped, missing
FROM dbs_twin.columns
"""
_ALL = """
WHERE NOT dropped AND relation IN (
    SELECT oid FROM pg_class
    WHERE oid >= 16384 AND relkind IN ('r', 'p', 'f') AND relpersistence <> 't'
      AND relnamespace <> 'dbs_twin'::regnamespace)
"""
_OF_TABLES = """
WHERE relation = ANY (ARRAY(
    SELECT oid FROM pg_class WHERE oid = ANY (%s) AND relkind IN ('r', 'p', 'f')))
"""


def read_columns(
    connection: psycopg.Connection[tuple[Any, ...]], tables: Collection[int] | None = None
) -> Columns:
    """Read the columns of a database's tables, or of some with those that were dropped."""
    if tables is None:
        return parse_columns(connection.execute(_COLUMNS + _ALL).fetchall())
    if not tables:
        return {}
    found = connection.execute((_COLUMNS + _OF_TABLES).encode(), [list(tables)])
    return parse_columns(found.fetchall())


def parse_columns(rows: Iterable[Iterable[Any]]) -> Columns:
    """Read rows of the view."""
    return {(oid, number): ColumnRow(*rest) for oid, number, *rest in rows}


def changed_columns(
    before: Columns,
    after: Columns,
    first: Columns,
    rewritten: Collection[int],
) -> tuple[ColumnChange, ...]:
    """Return the columns whose rows differ.

    Args:
        before: All columns before the statement.
        after: What the transaction has written now.
        first: All columns before the migrations at hand.
        rewritten: Tables that the statement writes anew, by object id.
    """
    new = {key: row for key, row in after.items() if before.get(key) != row}
    if not new:
        return ()
    old = {oid for oid, _ in before}
    added = {key: row for key, row in new.items() if key not in before and not row.dropped}
    changes = (
        ColumnChange(
            id=key,
            before=_object(before[key], row.relation) if key in before else None,
            after=None if row.dropped else _object(row, row.relation),
            origin=(first[key].relation, first[key].name) if key in first else None,
            makes_table=key[0] not in old,
            filling=_filling(key, added, rewritten) if key in added else None,
        )
        for key, row in new.items()
    )
    return tuple(item for item in changes if item.before != item.after)


def _object(row: ColumnRow, relation: str) -> SchemaObject:
    """Write a column as catalogues do, as far as it is told."""
    is_default = row.expression and not row.generated
    told = {
        "type": row.type,
        "not_null": row.not_null,
        "default": row.expression if is_default else None,
        "expression": row.expression if row.generated else None,
        "generated": _GENERATED.get(row.generated),
        "identity": _IDENTITY.get(row.identity),
        "collation": row.collation,
        "local": None if row.local else "false",
    }
    attributes = {name: value for name, value in told.items() if value}
    return SchemaObject("column", f"{relation}.{row.name}", relation, attributes)


def _filling(key: tuple[int, int], added: Columns, rewritten: Collection[int]) -> Filling | None:
    """Return what old rows hold in a new column.

    The engine keeps a constant default for them (manual, "pg_attribute", attmissingval), in each
    partition, and computes any other, which writes the table anew.
    """
    row = added[key]
    if row.missing is not None:
        return Filling(array_values(row.missing)[0])
    if key[0] in rewritten or row.expression or row.identity:
        return _of_partitions(row, added)
    return Filling(None)


def _of_partitions(row: ColumnRow, added: Columns) -> Filling | None:
    parts = {
        item.missing
        for item in added.values()
        if item.name == row.name and item.type == row.type and not item.local
    }
    (missing,) = parts if len(parts) == 1 else (None,)
    return Filling(array_values(missing)[0]) if row.local and missing else None
