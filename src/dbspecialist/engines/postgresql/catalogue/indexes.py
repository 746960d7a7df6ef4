"""Indexes: those of their own, and those behind constraints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from dbspecialist.engines.postgresql.catalogue.constraints import index_name, index_settings
from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    Entry,
    Phase,
    Reader,
    known,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject


def read_indexes(reader: Reader) -> dict[int, list[Any]]:
    """Read all indexes by their relation."""
    nulls = reader.since(15, "i.indnullsnotdistinct", "false")
    return reader.by_relation(
        f"""
        select i.indexrelid as oid, i.indrelid as relation, c.relnamespace as schema,
               quote_ident(c.relname) as part, c.relkind as kind, a.amname as method,
               pg_get_indexdef(i.indexrelid) as definition, i.indisunique as is_unique,
               i.indisprimary as is_primary, {nulls} as nulls_not_distinct,
               i.indisvalid as valid, i.indisclustered as clustered,
               i.indisreplident as replica_identity, c.reloptions as options,
               pg_get_expr(i.indpred, i.indrelid) as predicate, i.indnkeyatts as key_count,
               k.conname is not null as constraint, quote_ident(k.conname) as constraint_name,
               (select array_agg(attnum order by attnum) from pg_attribute
                 where attrelid = i.indexrelid and attstattarget >= 0) as target_numbers,
               (select array_agg(attstattarget order by attnum) from pg_attribute
                 where attrelid = i.indexrelid and attstattarget >= 0) as targets,
               s.spcname as tablespace
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
          left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
            and k.conrelid = i.indrelid
          left join pg_tablespace s on s.oid = c.reltablespace
        where c.relnamespace = any({{schemas}}) {{changed}}""",
        "i.indrelid",
    )


def index_entries(reader: Reader, found: dict[int, list[Any]]) -> Iterator[Entry]:
    """Yield the indexes; one behind a constraint has no SQL of its own."""
    tables = {key: rows for key, rows in found.items() if key in reader.relations}
    for rows in tables.values():
        reader.index_names.update((row.oid, index_name(reader, row)) for row in rows)
    for relation, rows in tables.items():
        yield from reader.kept("indexes", relation, None, partial(indexes_of, reader, rows))


def indexes_of(reader: Reader, rows: list[Any]) -> Iterator[Entry]:
    """Yield the indexes of one table."""
    return (index_entry(reader, row) for row in rows)


def index_entry(reader: Reader, row: Any) -> Entry:
    """Tell one index."""
    relation, name = reader.name_of(row.relation), index_name(reader, row)
    attached = [reader.index_names[up] for up in reader.parents.get(row.oid, ())]
    attributes = {"definition": row.definition, "method": row.method} | known(
        unique="true" if row.is_unique else None,
        primary="true" if row.is_primary else None,
        predicate=row.predicate,
        nulls_not_distinct="true" if row.nulls_not_distinct else None,
        valid="false" if not row.valid else None,
        clustered="true" if row.clustered else None,
        replica_identity="true" if row.replica_identity else None,
        constraint=f"{relation}.{row.constraint_name}" if row.constraint else None,
        attached_to=", ".join(attached),
        statistics=", ".join(map(str, row.targets or ())),
        tablespace=row.tablespace,
    )
    settings = index_settings(reader, relation, row)
    create = "" if row.constraint else statements(row.definition, *settings)
    return Entry(
        (PG_CLASS, row.oid, 0),
        Phase.KEY if row.constraint else Phase.INDEX,
        SchemaObject("index", name, relation, attributes, create),
        target=f"INDEX {name}",
    )
