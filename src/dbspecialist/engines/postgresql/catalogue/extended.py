"""Extended statistics objects (CREATE STATISTICS)."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_STATISTIC_EXT,
    Entry,
    Phase,
    Reader,
    known,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject


def extended_entries(reader: Reader) -> Iterator[Entry]:
    """Yield extended statistics objects as parts of their tables."""
    for row in reader.rows("""
        select s.oid, s.stxnamespace as schema, quote_ident(s.stxname) as name,
               s.stxrelid as relation, pg_get_statisticsobjdef(s.oid) as definition,
               s.stxstattarget as target, quote_ident(pg_get_userbyid(s.stxowner)) as owner
        from pg_statistic_ext s where s.stxnamespace = any({schemas})"""):
        if row.relation not in reader.relations:
            continue
        name = reader.qualified(row.schema, row.name)
        has_target = row.target is not None and row.target >= 0
        create = statements(
            row.definition,
            f"ALTER STATISTICS {name} SET STATISTICS {row.target}" if has_target else "",
            f"ALTER STATISTICS {name} OWNER TO {row.owner}",
        )
        attributes = {"definition": row.definition} | known(
            statistics=str(row.target) if has_target else None, owner=row.owner
        )
        relation = reader.name_of(row.relation)
        item = SchemaObject("statistics", name, relation, attributes, create)
        address = (PG_STATISTIC_EXT, row.oid, 0)
        yield Entry(address, Phase.STATISTICS, item, f"STATISTICS {name}")
