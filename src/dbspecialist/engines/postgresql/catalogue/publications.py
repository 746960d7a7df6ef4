"""Publications of logical replication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_PUBLICATION,
    Entry,
    Phase,
    Reader,
    known,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject


def publication_entries(reader: Reader) -> Iterator[Entry]:
    """Yield publications with their tables; a table that is not read is left out."""
    tables, schemas = published_tables(reader), published_schemas(reader)
    generated = reader.since(18, "p.pubgencols", "'n'")
    for row in reader.rows(f"""
        select p.oid, quote_ident(p.pubname) as name, p.puballtables as all_tables,
               array_to_string(array_remove(array[
                 case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
                 case when p.pubdelete then 'delete' end,
                 case when p.pubtruncate then 'truncate' end], null), ', ') as operations,
               p.pubviaroot as via_root, {generated} as generated,
               quote_ident(pg_get_userbyid(p.pubowner)) as owner
        from pg_publication p"""):
        members = [*tables.get(row.oid, ()), *schemas.get(row.oid, ())]
        yield publication(row, "ALL TABLES" if row.all_tables else ", ".join(members))


def publication(row: Any, members: str) -> Entry:
    """Tell one publication."""
    options = ", ".join(
        (
            f"publish = '{row.operations}'",
            f"publish_via_partition_root = {str(row.via_root).lower()}",
            *(["publish_generated_columns = stored"] if row.generated == "s" else []),
        )
    )
    members_clause = f" FOR {members}" if members else ""
    create = statements(
        f"CREATE PUBLICATION {row.name}{members_clause} WITH ({options})",
        f"ALTER PUBLICATION {row.name} OWNER TO {row.owner}",
    )
    attributes = known(members=members, options=options, owner=row.owner)
    item = SchemaObject("publication", row.name, "", attributes, create)
    target = f"PUBLICATION {row.name}"
    return Entry((PG_PUBLICATION, row.oid, 0), Phase.PUBLICATION, item, target)


def published_tables(reader: Reader) -> dict[int, list[str]]:
    """Write the tables of each publication, with columns and row filters (15)."""
    filters = reader.since(15, "pg_get_expr(r.prqual, r.prrelid)", "null::text")
    columns = reader.since(
        15,
        "(select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
        " where attrelid = r.prrelid and attnum = any(r.prattrs))",
        "null::text",
    )
    found: dict[int, list[str]] = {}
    for row in reader.rows(f"""
        select r.prpubid as publication, r.prrelid as relation, {filters} as filter,
               {columns} as columns
        from pg_publication_rel r join pg_class c on c.oid = r.prrelid
        where c.relnamespace = any({{schemas}}) order by c.oid::regclass::text"""):
        if row.relation in reader.relations:
            columns_clause = f" ({row.columns})" if row.columns else ""
            where = f" WHERE ({row.filter})" if row.filter else ""
            text = f"TABLE ONLY {reader.name_of(row.relation)}{columns_clause}{where}"
            found.setdefault(row.publication, []).append(text)
    return found


def published_schemas(reader: Reader) -> dict[int, list[str]]:
    """Write the schemas of each publication (15)."""
    found: dict[int, list[str]] = {}
    if reader.version < 150_000:
        return found
    for row in reader.rows("""
        select r.pnpubid as publication, quote_ident(n.nspname) as name
        from pg_publication_namespace r join pg_namespace n on n.oid = r.pnnspid order by 2"""):
        found.setdefault(row.publication, []).append(f"TABLES IN SCHEMA {row.name}")
    return found
