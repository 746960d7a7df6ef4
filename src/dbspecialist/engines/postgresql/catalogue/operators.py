"""Operators, operator families and classes, and casts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    FIRST_OWN_OID,
    PG_CAST,
    PG_OPCLASS,
    PG_OPERATOR,
    PG_OPFAMILY,
    Entry,
    Phase,
    Reader,
    known,
    statements,
)
from dbspecialist.facts.catalogue import SchemaObject

CONTEXTS = {"a": " AS ASSIGNMENT", "i": " AS IMPLICIT", "e": ""}


def operator_entries(reader: Reader) -> Iterator[Entry]:
    """Yield operators, without the shells that a commutator's mention leaves."""
    for row in reader.rows(f"""
        select o.oid, o.oid::regoperator::text as signature, n.nspname, o.oprname,
               quote_ident(n.nspname) || '.' || o.oprname as name,
               o.oprcode::regproc::text as function,
               case when o.oprleft <> 0 then format_type(o.oprleft, null) end as leftarg,
               format_type(o.oprright, null) as rightarg,
               nullif(o.oprcom, 0)::regoper::text as commutator,
               nullif(o.oprnegate, 0)::regoper::text as negator,
               nullif(o.oprrest::oid, 0)::regproc::text as restrict,
               nullif(o.oprjoin::oid, 0)::regproc::text as join,
               o.oprcanhash as hashes, o.oprcanmerge as merges,
               quote_ident(pg_get_userbyid(o.oprowner)) as owner
        from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
        where o.oprnamespace = any({{schemas}}) and o.oprcode <> 0
          and o.oid >= {FIRST_OWN_OID}"""):
        if reader.is_own(PG_OPERATOR, row.oid):
            yield operator(row)


def operator(row: Any) -> Entry:
    """Tell one operator."""
    attributes = known(
        function=row.function,
        leftarg=row.leftarg,
        rightarg=row.rightarg,
        commutator=qualified_operator(row.commutator),
        negator=qualified_operator(row.negator),
        restrict=row.restrict,
        join=row.join,
    )
    flags = [name for name in ("hashes", "merges") if getattr(row, name)]
    clauses = [f"{name.upper()} = {value}" for name, value in attributes.items()]
    arguments = f"({row.leftarg or 'NONE'}, {row.rightarg})"
    create = statements(
        f"CREATE OPERATOR {row.name} ({', '.join([*clauses, *map(str.upper, flags)])})",
        f"ALTER OPERATOR {row.name} {arguments} OWNER TO {row.owner}",
    )
    attributes |= dict.fromkeys(flags, "true") | {"owner": row.owner}
    item = SchemaObject("operator", row.signature, "", attributes, create)
    target = f"OPERATOR {row.name} {arguments}"
    return Entry((PG_OPERATOR, row.oid, 0), Phase.OPERATOR, item, target)


def qualified_operator(name: str | None) -> str | None:
    """Write an operator as OPERATOR(schema.name)."""
    if name is None:
        return None
    return f"OPERATOR({name if '.' in name else f'pg_catalog.{name}'})"


def cast_entries(reader: Reader) -> Iterator[Entry]:
    """Yield casts, without those that range types bring along."""
    for row in reader.rows(f"""
        select c.oid, format_type(c.castsource, null) as source,
               format_type(c.casttarget, null) as target, c.castmethod as method,
               nullif(c.castfunc, 0)::regprocedure::text as function, c.castcontext as context
        from pg_cast c where c.oid >= {FIRST_OWN_OID} and not exists (select from pg_depend
          where classid = {PG_CAST} and objid = c.oid and deptype = 'i')"""):
        if not reader.is_own(PG_CAST, row.oid):
            continue
        way = {
            "f": f"WITH FUNCTION {row.function}",
            "i": "WITH INOUT",
            "b": "WITHOUT FUNCTION",
        }[row.method]
        name, definition = f"({row.source} AS {row.target})", f"{way}{CONTEXTS[row.context]}"
        create = f"CREATE CAST {name} {definition}"
        item = SchemaObject("cast", name, "", {"definition": definition}, create)
        yield Entry((PG_CAST, row.oid, 0), Phase.OPERATOR, item, f"CAST {name}")


def family_entries(reader: Reader) -> Iterator[Entry]:
    """Yield operator families, and the classes in them, with what they are made of."""
    for row in reader.rows("""
        select f.oid, f.opfnamespace as schema, quote_ident(f.opfname) as name,
               quote_ident(a.amname) as method,
               quote_ident(pg_get_userbyid(f.opfowner)) as owner
        from pg_opfamily f join pg_am a on a.oid = f.opfmethod
        where f.opfnamespace = any({schemas})"""):
        if reader.is_own(PG_OPFAMILY, row.oid):
            name = f"{reader.qualified(row.schema, row.name)} USING {row.method}"
            create = statements(
                f"CREATE OPERATOR FAMILY {name}",
                f"ALTER OPERATOR FAMILY {name} OWNER TO {row.owner}",
            )
            item = SchemaObject("operator family", name, "", {"owner": row.owner}, create)
            target = f"OPERATOR FAMILY {name}"
            yield Entry((PG_OPFAMILY, row.oid, 0), Phase.OPERATOR, item, target)
    yield from class_entries(reader)


def class_entries(reader: Reader) -> Iterator[Entry]:
    """Yield operator classes; each lists its own operators and functions."""
    parts = class_parts(reader)
    for row in reader.rows("""
        select c.oid, c.opcnamespace as schema, quote_ident(c.opcname) as name,
               quote_ident(a.amname) as method, c.opcdefault as is_default,
               format_type(c.opcintype, null) as type,
               quote_ident(n.nspname) || '.' || quote_ident(f.opfname) as family,
               case when c.opckeytype not in (0, c.opcintype)
                    then format_type(c.opckeytype, null) end as storage,
               quote_ident(pg_get_userbyid(c.opcowner)) as owner
        from pg_opclass c join pg_am a on a.oid = c.opcmethod
          join pg_opfamily f on f.oid = c.opcfamily join pg_namespace n on n.oid = f.opfnamespace
        where c.opcnamespace = any({schemas})"""):
        if reader.is_own(PG_OPCLASS, row.oid):
            yield operator_class(reader, row, parts.get(row.oid, []))


def operator_class(reader: Reader, row: Any, parts: list[str]) -> Entry:
    """Tell one operator class."""
    name = reader.qualified(row.schema, row.name)
    default = "DEFAULT " if row.is_default else ""
    storage = [f"STORAGE {row.storage}"] if row.storage else []
    made_of = ", ".join([*parts, *storage] or [f"STORAGE {row.type}"])
    definition = f"{default}FOR TYPE {row.type} USING {row.method} FAMILY {row.family} AS {made_of}"
    target = f"OPERATOR CLASS {name} USING {row.method}"
    create = statements(
        f"CREATE OPERATOR CLASS {name} {definition}", f"ALTER {target} OWNER TO {row.owner}"
    )
    attributes = {"definition": definition, "owner": row.owner}
    key = f"{name} USING {row.method}"
    item = SchemaObject("operator class", key, "", attributes, create)
    return Entry((PG_OPCLASS, row.oid, 0), Phase.OPERATOR, item, target)


def class_parts(reader: Reader) -> dict[int, list[str]]:
    """Read the operators and support functions that belong to each class."""
    found: dict[int, list[str]] = {}
    for row in reader.rows(f"""
        select d.refobjid as family_class, 'OPERATOR ' || o.amopstrategy || ' '
                 || o.amopopr::regoperator::text as text, 1 as kind, o.amopstrategy as number
        from pg_amop o join pg_depend d on d.classid = 2602 and d.objid = o.oid
          and d.refclassid = {PG_OPCLASS} and d.deptype = 'i'
        where o.oid >= {FIRST_OWN_OID}
        union all
        select d.refobjid, 'FUNCTION ' || p.amprocnum || ' (' || format_type(p.amproclefttype, null)
                 || ', ' || format_type(p.amprocrighttype, null) || ') '
                 || p.amproc::regprocedure::text, 2, p.amprocnum
        from pg_amproc p join pg_depend d on d.classid = 2603 and d.objid = p.oid
          and d.refclassid = {PG_OPCLASS} and d.deptype = 'i'
        where p.oid >= {FIRST_OWN_OID}
        order by 1, kind, number"""):
        found.setdefault(row.family_class, []).append(row.text)
    return found
