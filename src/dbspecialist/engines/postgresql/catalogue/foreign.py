"""Foreign data wrappers, servers and what foreign tables add, without options that hold secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_FDW,
    PG_SERVER,
    Entry,
    Phase,
    Reader,
    known,
    literal,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject

SECRET = re.compile(r"pass|secret|token|key|credential|user", re.IGNORECASE)


def options_clause(options: Iterable[str] | None) -> str:
    """Write OPTIONS (…) without those that may hold secrets."""
    pairs = [option.partition("=") for option in options or ()]
    kept = [f'"{name}" {literal(value)}' for name, _, value in pairs if not SECRET.search(name)]
    return f"OPTIONS ({', '.join(kept)})" if kept else ""


def wrapper_entries(reader: Reader) -> Iterator[Entry]:
    """Yield foreign data wrappers that came without an extension."""
    for row in reader.rows("""
        select w.oid, quote_ident(w.fdwname) as name, w.fdwoptions as options,
               nullif(w.fdwhandler::oid, 0)::regproc::text as handler,
               nullif(w.fdwvalidator::oid, 0)::regproc::text as validator,
               quote_ident(pg_get_userbyid(w.fdwowner)) as owner, w.fdwacl::text[] as acl,
               acldefault('F', w.fdwowner)::text[] as default_acl
        from pg_foreign_data_wrapper w"""):
        if not reader.is_own(PG_FDW, row.oid):
            continue
        attributes = known(
            handler=row.handler,
            validator=row.validator,
            options=options_clause(row.options),
            owner=row.owner,
        )
        create = " ".join(
            part
            for part in (
                f"CREATE FOREIGN DATA WRAPPER {row.name}",
                f"HANDLER {row.handler}" if row.handler else "",
                f"VALIDATOR {row.validator}" if row.validator else "",
                attributes.get("options", ""),
            )
            if part
        )
        target = f"FOREIGN DATA WRAPPER {row.name}"
        yield owned((PG_FDW, row.oid, 0), row, target, attributes, create)


def server_entries(reader: Reader) -> Iterator[Entry]:
    """Yield foreign servers; user mappings are not read, they hold passwords."""
    for row in reader.rows("""
        select s.oid, quote_ident(s.srvname) as name, quote_ident(w.fdwname) as wrapper,
               s.srvtype as type, s.srvversion as version, s.srvoptions as options,
               quote_ident(pg_get_userbyid(s.srvowner)) as owner, s.srvacl::text[] as acl,
               acldefault('S', s.srvowner)::text[] as default_acl
        from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw"""):
        if not reader.is_own(PG_SERVER, row.oid):
            continue
        attributes = known(
            wrapper=row.wrapper,
            type=row.type,
            version=row.version,
            options=options_clause(row.options),
            owner=row.owner,
        )
        create = " ".join(
            part
            for part in (
                f"CREATE SERVER {row.name}",
                f"TYPE {literal(row.type)}" if row.type else "",
                f"VERSION {literal(row.version)}" if row.version else "",
                f"FOREIGN DATA WRAPPER {row.wrapper}",
                attributes.get("options", ""),
            )
            if part
        )
        yield owned((PG_SERVER, row.oid, 0), row, f"SERVER {row.name}", attributes, create)


def owned(
    address: tuple[int, int, int], row: Any, target: str, attributes: dict[str, str], create: str
) -> Entry:
    """Put a wrapper or server on its way."""
    kind = target.removesuffix(f" {row.name}").lower()
    create = statements(create, f"ALTER {target} OWNER TO {row.owner}")
    item = SchemaObject(kind, row.name, "", attributes, create)
    return Entry(address, Phase.FOREIGN, item, target, row.acl, row.default_acl)


def read_foreign_tables(reader: Reader) -> dict[int, Any]:
    """Read the servers and options of foreign tables, by relation."""
    rows = reader.rows("""
        select f.ftrelid as relation, quote_ident(s.srvname) as server, f.ftoptions as options
        from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver""")
    return {row.relation: row for row in rows}
