"""Sequences: free ones, those owned by a column, and those behind identity columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_CLASS,
    Entry,
    Phase,
    Reader,
    known,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject


def read_sequences(reader: Reader) -> dict[int, Any]:
    """Read the parameters of all sequences, and the column that owns each, by OID."""
    found = reader.rows("""
        select s.seqrelid as oid, format_type(s.seqtypid, null) as type, s.seqstart as start,
               s.seqincrement as increment, s.seqmin as minimum, s.seqmax as maximum,
               s.seqcache as cache, s.seqcycle as cycle, d.deptype as dependency,
               d.refobjid as relation, d.refobjsubid as number, quote_ident(a.attname) as column
        from pg_sequence s
          left join lateral (
            select deptype, refobjid, refobjsubid from pg_depend
            where classid = 1259 and objid = s.seqrelid and objsubid = 0
              and refclassid = 1259 and deptype in ('a', 'i') and refobjsubid > 0
            limit 1) d on true
          left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid""")
    return {row.oid: row for row in found if row.oid in reader.relations}


def parameters(row: Any) -> str:
    """Write a sequence's parameters, all of them said."""
    cycle = "CYCLE" if row.cycle else "NO CYCLE"
    return (
        f"START WITH {row.start} INCREMENT BY {row.increment} MINVALUE {row.minimum} "
        f"MAXVALUE {row.maximum} CACHE {row.cache} {cycle}"
    )


def sequence_entry(reader: Reader, row: Any) -> Entry:
    """Tell one sequence; one behind an identity column has no SQL of its own."""
    relation = reader.relations[row.oid]
    name = reader.name_of(row.oid)
    owned_by = f"{reader.name_of(row.relation)}.{row.column}" if is_owned(reader, row) else ""
    is_identity = row.dependency == "i"
    unlogged = "UNLOGGED " if relation.persistence == "u" else ""
    create = (
        ""
        if is_identity
        else statements(
            f"CREATE {unlogged}SEQUENCE {name} AS {row.type} {parameters(row)}",
            f"ALTER SEQUENCE {name} OWNER TO {relation.owner}",
        )
    )
    attributes = known(
        owner=relation.owner,
        type=row.type,
        start=str(row.start),
        increment=str(row.increment),
        minimum=str(row.minimum),
        maximum=str(row.maximum),
        cache=str(row.cache),
        cycle="true" if row.cycle else None,
        owned_by=owned_by,
        identity="true" if is_identity else None,
        persistence="unlogged" if unlogged else None,
    )
    parent = reader.name_of(row.relation) if owned_by and is_identity else ""
    return Entry(
        (PG_CLASS, row.oid, 0),
        Phase.SEQUENCE,
        SchemaObject("sequence", name, parent, attributes, create),
        target=f"SEQUENCE {name}",
        acl=relation.acl,
        default_acl=relation.default_acl,
    )


def is_owned(reader: Reader, row: Any) -> bool:
    """Whether a column of a relation that is read owns the sequence."""
    return row.relation is not None and row.relation in reader.relations


def free_sequences(reader: Reader, found: dict[int, Any]) -> Iterator[Entry]:
    """Yield the sequences that are created by themselves."""
    return (
        sequence_entry(reader, row)
        for row in found.values()
        if row.dependency != "i" or not is_owned(reader, row)
    )
