"""Schemas and extensions."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_EXTENSION,
    PG_NAMESPACE,
    Entry,
    Phase,
    Reader,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject


def schema_entries(reader: Reader) -> Iterator[Entry]:
    """Yield the schemas; `public` may be there already where they are recreated."""
    for row in reader.namespaces.values():
        if not reader.is_own(PG_NAMESPACE, row.oid):
            continue
        create = statements(
            f"CREATE SCHEMA IF NOT EXISTS {row.name}",
            f"ALTER SCHEMA {row.name} OWNER TO {row.owner_name}",
        )
        yield Entry(
            (PG_NAMESPACE, row.oid, 0),
            Phase.SCHEMA,
            SchemaObject("schema", row.name, "", {"owner": row.owner_name}, create),
            target=f"SCHEMA {row.name}",
            acl=row.acl,
            default_acl=row.default_acl,
        )


def extension_entries(reader: Reader) -> Iterator[Entry]:
    """Yield the extensions; the version is an attribute, the newest there is gets created."""
    for row in reader.rows(
        """
        select e.oid, quote_ident(e.extname) as name, e.extversion as version,
               quote_ident(n.nspname) as schema
        from pg_extension e join pg_namespace n on n.oid = e.extnamespace order by e.extname""",
        same="all",
    ):
        own_schema = "" if row.schema == "pg_catalog" else f" WITH SCHEMA {row.schema}"
        create = f"CREATE EXTENSION IF NOT EXISTS {row.name}{own_schema}"
        attributes = {"version": row.version, "schema": row.schema}
        yield Entry(
            (PG_EXTENSION, row.oid, 0),
            Phase.EXTENSION,
            SchemaObject("extension", row.name, "", attributes, create),
            target=f"EXTENSION {row.name}",
        )
