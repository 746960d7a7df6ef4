"""Columns: what CREATE TABLE says of each, and what must be set afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbspecialist.engines.postgresql.catalogue.foreign import options_clause
from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    Entry,
    Phase,
    Reader,
    known,
    options_text,
)
from dbspecialist.facts.catalogue import SchemaObject

STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
COMPRESSION = {"p": "pglz", "l": "lz4"}
IDENTITY = {"a": "always", "d": "by default"}
GENERATED = {"s": "stored", "v": "virtual"}


def read_columns(reader: Reader) -> dict[int, list[Any]]:
    """Read the live columns of all relations and composite types, by relation, in order."""
    return reader.by_relation(
        """
        select a.attrelid as relation, a.attnum as number, quote_ident(a.attname) as name,
               a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
               pg_get_expr(d.adbin, d.adrelid) as expression,
               a.attidentity as identity, a.attgenerated as generated,
               case when a.attcollation <> t.typcollation
                    then a.attcollation::regcollation::text end as collation,
               a.attcompression as compression,
               case when a.attstorage <> t.typstorage then a.attstorage end as storage,
               a.attstattarget as target, a.attoptions as options,
               a.attislocal as is_local, a.attinhcount as inherited, a.attacl::text[] as acl,
               a.attfdwoptions as foreign_options
        from pg_attribute a join pg_class c on c.oid = a.attrelid
          join pg_type t on t.oid = a.atttypid
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where c.relnamespace = any({schemas}) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
          and a.attnum > 0 and not a.attisdropped {changed}
        order by a.attrelid, a.attnum""",
        "a.attrelid",
    )


def column_entry(relation: str, position: int, row: Any, not_null: str) -> Entry:
    """Tell one column; `not_null` is `true`, `false` or `not valid`."""
    is_default = row.expression and not row.generated
    attributes = {"position": str(position), "type": row.type, "not_null": not_null} | known(
        default=row.expression if is_default else None,
        expression=row.expression if row.generated else None,
        generated=GENERATED.get(row.generated),
        identity=IDENTITY.get(row.identity),
        collation=row.collation,
        compression=COMPRESSION.get(row.compression),
        storage=STORAGE.get(row.storage or ""),
        statistics=str(row.target) if has_target(row) else None,
        options=options_text(row.options),
        foreign_options=options_clause(row.foreign_options),
        local="false" if not row.is_local else None,
    )
    name = f"{relation}.{row.name}"
    return Entry(
        (PG_CLASS, row.relation, row.number),
        Phase.TABLE,
        SchemaObject("column", name, relation, attributes),
        target=f"COLUMN {name}",
        acl=row.acl,
        default_acl=[],
    )


def has_target(row: Any) -> bool:
    """Whether the column has a statistics target of its own (-1 before 17, null since)."""
    return row.target is not None and row.target >= 0


def column_clause(row: Any, not_null: str, identity: str) -> str:
    """Write a column as CREATE TABLE has it.

    Args:
        not_null: The NOT NULL clause, or "".
        identity: The sequence's options for an identity column, or "".
    """
    parts = [row.name, row.type]
    if row.foreign_options:
        parts.append(options_clause(row.foreign_options))
    if row.collation:
        parts.append(f"COLLATE {row.collation}")
    if identity:
        parts.append(f"GENERATED {IDENTITY[row.identity].upper()} AS IDENTITY ({identity})")
    elif row.generated:
        kind = GENERATED[row.generated].upper()
        parts.append(f"GENERATED ALWAYS AS ({row.expression}) {kind}")
    elif row.expression:
        parts.append(f"DEFAULT {row.expression}")
    if not_null:
        parts.append(not_null)
    return " ".join(parts)


def column_settings(relation: str, row: Any) -> Iterator[str]:
    """Write the column's settings that CREATE TABLE cannot say in every version."""
    alter = f"ALTER TABLE ONLY {relation} ALTER COLUMN {row.name}"
    if row.storage:
        yield f"{alter} SET STORAGE {STORAGE[row.storage].upper()}"
    if row.compression:
        yield f"{alter} SET COMPRESSION {COMPRESSION[row.compression]}"
    if has_target(row):
        yield f"{alter} SET STATISTICS {row.target}"
    if row.options:
        yield f"{alter} SET ({options_text(row.options)})"


def inherited_settings(relation: str, row: Any, above: Mapping[str, list[Any]]) -> Iterator[str]:
    """Write where an inherited column departs from its parents' columns of that name."""
    alter = f"ALTER TABLE ONLY {relation} ALTER COLUMN {row.name}"
    parents = above.get(row.name, [])
    if not row.generated and any(parent.expression != row.expression for parent in parents):
        yield f"{alter} SET DEFAULT {row.expression}" if row.expression else f"{alter} DROP DEFAULT"
    if row.not_null and not any(parent.not_null for parent in parents):
        yield f"{alter} SET NOT NULL"
