"""Functions, procedures and aggregates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    FIRST_OWN_OID,
    PG_PROC,
    Entry,
    Phase,
    Reader,
    known,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject

KINDS = {"f": "function", "p": "procedure", "w": "function", "a": "aggregate"}
VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}


def routine_entries(reader: Reader) -> Iterator[Entry]:
    """Yield functions and procedures, without the constructors that range types bring along."""
    for row in reader.rows(
        f"""
        select p.oid, p.pronamespace as schema, quote_ident(p.proname) as name, p.prokind as kind,
               p.oid::regprocedure::text as signature,
               pg_get_function_identity_arguments(p.oid) as arguments,
               pg_get_function_result(p.oid) as result, l.lanname as language,
               p.provolatile as volatility, p.prosecdef as definer,
               pg_get_functiondef(p.oid) as definition,
               quote_ident(pg_get_userbyid(p.proowner)) as owner,
               p.proacl::text[] as acl, acldefault('f', p.proowner)::text[] as default_acl
        from pg_proc p join pg_language l on l.oid = p.prolang
        where p.pronamespace = any({{schemas}}) and p.prokind <> 'a' and p.oid >= {FIRST_OWN_OID}
          and not exists (select from pg_depend
            where classid = {PG_PROC} and objid = p.oid and deptype = 'i')
        order by p.pronamespace, p.proname""",
        same="none",
    ):
        if reader.is_own(PG_PROC, row.oid):
            yield routine_entry(reader, row)


def routine_entry(reader: Reader, row: Any) -> Entry:
    """Tell one function or procedure."""
    target = routine_target(reader, row)
    attributes = {"definition": row.definition, "language": row.language} | known(
        returns=row.result,
        volatility=VOLATILITY[row.volatility],
        security="definer" if row.definer else None,
        owner=row.owner,
    )
    create = statements(row.definition.rstrip(), f"ALTER {target} OWNER TO {row.owner}")
    return Entry(
        (PG_PROC, row.oid, 0),
        Phase.ROUTINE,
        SchemaObject(KINDS[row.kind], row.signature, "", attributes, create),
        target=target,
        acl=row.acl,
        default_acl=row.default_acl,
    )


def routine_target(reader: Reader, row: Any) -> str:
    """How ALTER and COMMENT ON call a routine."""
    name = reader.qualified(row.schema, row.name)
    return f"{KINDS[row.kind].upper()} {name}({row.arguments})"
