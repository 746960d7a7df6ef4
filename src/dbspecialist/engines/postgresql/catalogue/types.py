"""Enums, domains, composite types and range types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.columns import column_entry
from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    PG_TYPE,
    Entry,
    Phase,
    Reader,
    known,
    literal,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject


def read_types(reader: Reader) -> list[Any]:
    """Read enums, domains, free composite types and ranges."""
    rows = reader.rows(
        """
        select t.oid, t.typnamespace as schema, quote_ident(t.typname) as name,
               t.typtype as type, t.typrelid as relation,
               quote_ident(pg_get_userbyid(t.typowner)) as owner, t.typacl::text[] as acl,
               acldefault('T', t.typowner)::text[] as default_acl,
               (select array_agg(enumlabel order by enumsortorder)::text[]
                  from pg_enum where enumtypid = t.oid) as labels,
               case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end as base,
               t.typnotnull as not_null, t.typdefault as expression,
               case when t.typtype = 'd' and t.typcollation <> (
                      select typcollation from pg_type b where b.oid = t.typbasetype)
                    then t.typcollation::regcollation::text end as collation,
               case when t.typtype = 'd' then (select quote_ident(k.conname) from pg_constraint k
                      where k.contypid = t.oid and k.contype = 'n') end as not_null_name
        from pg_type t
        where t.typnamespace = any({schemas}) and (t.typtype in ('e', 'd', 'r') or (
                t.typtype = 'c' and (select relkind from pg_class where oid = t.typrelid) = 'c'))
        order by t.typnamespace, t.typname""",
        same="none",
    )
    return [row for row in rows if reader.is_own(PG_TYPE, row.oid)]


def read_ranges(reader: Reader) -> dict[int, Any]:
    """Read what ranges have beyond other types, by OID."""
    rows = reader.rows("""
        select r.rngtypid as oid, format_type(r.rngsubtype, null) as subtype,
               case when r.rngcollation <> 0 and r.rngcollation <> s.typcollation
                    then r.rngcollation::regcollation::text end as collation,
               nullif(r.rngcanonical::oid, 0)::regproc::text as canonical,
               nullif(r.rngsubdiff::oid, 0)::regproc::text as difference,
               case when not o.opcdefault
                    then quote_ident(n.nspname) || '.' || quote_ident(o.opcname) end as opclass,
               quote_ident(mn.nspname) || '.' || quote_ident(m.typname) as multirange
        from pg_range r join pg_type s on s.oid = r.rngsubtype
          join pg_opclass o on o.oid = r.rngsubopc join pg_namespace n on n.oid = o.opcnamespace
          join pg_type m on m.oid = r.rngmultitypid join pg_namespace mn on mn.oid = m.typnamespace
        where m.typnamespace = any({schemas})""")
    return {row.oid: row for row in rows}


def type_entries(reader: Reader, rows: list[Any], columns: dict[int, list[Any]]) -> Iterator[Entry]:
    """Yield the types."""
    ranges = read_ranges(reader) if any(row.type == "r" for row in rows) else {}
    for row in rows:
        name = reader.qualified(row.schema, row.name)
        if row.type == "c":
            yield composite(row, name, columns.get(row.relation, []))
        elif row.type == "r":
            yield range_type(row, name, ranges[row.oid])
        else:
            yield enum(row, name) if row.type == "e" else domain(row, name)


def entry(row: Any, item: SchemaObject, **more: Any) -> Entry:
    """Put a type on its way."""
    word = "DOMAIN" if row.type == "d" else "TYPE"
    return Entry(
        (PG_TYPE, row.oid, 0),
        Phase.TYPE,
        item,
        target=f"{word} {item.name}",
        acl=row.acl,
        default_acl=row.default_acl,
        **more,
    )


def owned(row: Any, name: str, create: str) -> str:
    """Follow a CREATE with the statement that sets the owner."""
    word = "DOMAIN" if row.type == "d" else "TYPE"
    return statements(create, f"ALTER {word} {name} OWNER TO {row.owner}")


def enum(row: Any, name: str) -> Entry:
    """Tell one enum; its labels stand in their order."""
    labels = ", ".join(literal(label) for label in row.labels or ())
    create = owned(row, name, f"CREATE TYPE {name} AS ENUM ({labels})")
    return entry(
        row, SchemaObject("enum", name, "", {"labels": labels, "owner": row.owner}, create)
    )


def domain(row: Any, name: str) -> Entry:
    """Tell one domain; its checks are objects of their own."""
    default_name = f"{row.name}_not_null"
    named = row.not_null_name not in {None, default_name}
    attributes = {"type": row.base, "not_null": "true" if row.not_null else "false"} | known(
        default=row.expression,
        collation=row.collation,
        owner=row.owner,
        not_null_constraint=row.not_null_name if named else None,
    )
    constraint = f" CONSTRAINT {row.not_null_name}" if named else ""
    create = "".join(
        (
            f"CREATE DOMAIN {name} AS {row.base}",
            f" COLLATE {row.collation}" if row.collation else "",
            f"{constraint} NOT NULL" if row.not_null else "",
            f" DEFAULT {row.expression}" if row.expression else "",
        )
    )
    return entry(row, SchemaObject("domain", name, "", attributes, owned(row, name, create)))


def composite(row: Any, name: str, columns: list[Any]) -> Entry:
    """Tell one composite type with its columns."""
    fields = ",\n".join(
        f"    {column.name} {column.type}"
        + (f" COLLATE {column.collation}" if column.collation else "")
        for column in columns
    )
    create = owned(row, name, f"CREATE TYPE {name} AS (\n{fields}\n)")
    item = SchemaObject("composite type", name, "", {"owner": row.owner}, create)
    parts = tuple(
        column_entry(name, position, column, "false") for position, column in enumerate(columns, 1)
    )
    return entry(row, item, parts=parts, aliases=((PG_CLASS, row.relation, 0),))


def range_type(row: Any, name: str, own: Any) -> Entry:
    """Tell one range type; its multirange comes along."""
    attributes = known(
        subtype=own.subtype,
        subtype_opclass=own.opclass,
        collation=own.collation,
        canonical=own.canonical,
        subtype_diff=own.difference,
        multirange_type_name=own.multirange,
    )
    clauses = ", ".join(f"{key} = {value}" for key, value in attributes.items())
    create = owned(row, name, f"CREATE TYPE {name} AS RANGE ({clauses})")
    return entry(row, SchemaObject("range", name, "", attributes | {"owner": row.owner}, create))
