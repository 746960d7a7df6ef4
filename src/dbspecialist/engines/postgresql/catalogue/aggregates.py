"""Aggregate functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    PG_PROC,
    Entry,
    Phase,
    Reader,
    known,
    literal,
    statements,
)
from dbspecialist.engines.postgresql.catalogue.routines import routine_target
from dbspecialist.facts.catalogue import SchemaObject

PARALLEL = {"s": "safe", "r": "restricted"}
FINAL_MODIFY = {"r": "read_only", "s": "shareable", "w": "read_write"}

#: The support functions of pg_aggregate, by their words in CREATE AGGREGATE.
FUNCTIONS = {
    "sfunc": "aggtransfn",
    "finalfunc": "aggfinalfn",
    "combinefunc": "aggcombinefn",
    "serialfunc": "aggserialfn",
    "deserialfunc": "aggdeserialfn",
    "msfunc": "aggmtransfn",
    "minvfunc": "aggminvtransfn",
    "mfinalfunc": "aggmfinalfn",
}


def aggregate_entries(reader: Reader) -> Iterator[Entry]:
    """Yield aggregates."""
    functions = ", ".join(
        f"nullif(a.{column}::oid, 0)::regproc::text as {word}" for word, column in FUNCTIONS.items()
    )
    for row in reader.rows(f"""
        select p.oid, p.pronamespace as schema, quote_ident(p.proname) as name, p.prokind as kind,
               p.oid::regprocedure::text as signature,
               pg_get_function_identity_arguments(p.oid) as arguments,
               pg_get_function_arguments(p.oid) as full_arguments,
               pg_get_function_result(p.oid) as result, p.proparallel as parallel, {functions},
               format_type(a.aggtranstype, null) as stype, a.agginitval as initcond,
               nullif(a.aggtransspace, 0)::text as sspace, a.aggfinalextra as finalfunc_extra,
               a.aggfinalmodify as finalfunc_modify, a.aggkind as aggregate_kind,
               case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end as mstype,
               nullif(a.aggmtransspace, 0)::text as msspace, a.aggminitval as minitcond,
               a.aggmfinalextra as mfinalfunc_extra, a.aggmfinalmodify as mfinalfunc_modify,
               nullif(a.aggsortop, 0)::regoper::text as sortop,
               quote_ident(pg_get_userbyid(p.proowner)) as owner,
               p.proacl::text[] as acl, acldefault('f', p.proowner)::text[] as default_acl
        from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid
        where p.pronamespace = any({{schemas}})"""):
        if reader.is_own(PG_PROC, row.oid):
            yield aggregate(reader, row)


def aggregate(reader: Reader, row: Any) -> Entry:
    """Tell one aggregate."""
    clauses = ",\n    ".join(aggregate_clauses(row))
    name, target = reader.qualified(row.schema, row.name), routine_target(reader, row)
    definition = f"{name}({row.full_arguments or '*'}) (\n    {clauses}\n)"
    create = statements(f"CREATE AGGREGATE {definition}", f"ALTER {target} OWNER TO {row.owner}")
    attributes = {"definition": definition, "returns": row.result} | known(owner=row.owner)
    item = SchemaObject("aggregate", row.signature, "", attributes, create)
    return Entry((PG_PROC, row.oid, 0), Phase.OPERATOR, item, target, row.acl, row.default_acl)


def aggregate_clauses(row: Any) -> Iterator[str]:
    """Yield the parameters of CREATE AGGREGATE."""
    for word in (*FUNCTIONS, "stype", "sspace", "mstype", "msspace"):
        value = getattr(row, word)
        if value is not None:
            yield f"{word} = {value}"
    for word in ("initcond", "minitcond"):
        value = getattr(row, word)
        if value is not None:
            yield f"{word} = {literal(value)}"
    yield from final_clauses(row)
    if row.aggregate_kind == "h":
        yield "hypothetical"
    if row.parallel in PARALLEL:
        yield f"parallel = {PARALLEL[row.parallel]}"


def final_clauses(row: Any) -> Iterator[str]:
    """Yield what is said of final functions and of the sort operator."""
    usual = "r" if row.aggregate_kind == "n" else "w"
    for prefix, function in (("", row.finalfunc), ("m", row.mfinalfunc)):
        if not function:
            continue
        if getattr(row, f"{prefix}finalfunc_extra"):
            yield f"{prefix}finalfunc_extra"
        modify = getattr(row, f"{prefix}finalfunc_modify")
        if modify != usual:
            yield f"{prefix}finalfunc_modify = {FINAL_MODIFY[modify]}"
    if row.sortop:
        name = row.sortop if "." in row.sortop else f"pg_catalog.{row.sortop}"
        yield f"sortop = OPERATOR({name})"
