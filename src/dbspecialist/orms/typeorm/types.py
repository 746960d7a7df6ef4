"""TypeORM's column types for PostgreSQL's canonical text ("Column types for postgres")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.facts.names import bare, parts

_TYPE = re.compile(
    r"^(?P<base>[^(\[]+?)\s*(\((?P<args>[^)]*)\))?(?P<rest>[^(\[]*)(?P<array>(\[\])*)$"
)
_LITERAL = re.compile(r"^'((?:[^']|'')*)'(::.+)?$")

#: Canonical name: TypeORM's name, and TypeScript's class of its values.
_KNOWN = {
    "smallint": ("smallint", "number"),
    "integer": ("int", "number"),
    "bigint": ("bigint", "string"),
    "text": ("text", "string"),
    "character varying": ("varchar", "string"),
    "character": ("char", "string"),
    "boolean": ("boolean", "boolean"),
    "numeric": ("numeric", "string"),
    "real": ("real", "number"),
    "double precision": ("double precision", "number"),
    "date": ("date", "string"),
    "timestamp without time zone": ("timestamp", "Date"),
    "timestamp with time zone": ("timestamptz", "Date"),
    "time without time zone": ("time", "string"),
    "time with time zone": ("timetz", "string"),
    "interval": ("interval", "string"),
    "uuid": ("uuid", "string"),
    "bytea": ("bytea", "Buffer"),
    "json": ("json", "Record<string, unknown>"),
    "jsonb": ("jsonb", "Record<string, unknown>"),
    **{
        name: (name, "string")
        for name in ("inet", "cidr", "macaddr", "money", "citext", "xml", "tsvector", "hstore")
    },
}
_SPELLINGS = {
    **{"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint"},
    **{"bool": "boolean", "varchar": "character varying", "char": "character"},
    **{"decimal": "numeric", "float4": "real", "float8": "double precision"},
    **{"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"},
}


@dataclass(frozen=True, slots=True)
class TypeormType:
    """A type as `@Column` states it.

    Args:
        name: TypeORM's name, `enum` for enums.
        options: Options beside it, in order.
        typescript: The class of its values.
    """

    name: str
    options: tuple[tuple[str, str], ...]
    typescript: str


def typeorm_type(canonical: str) -> TypeormType | None:
    """Return how a built-in type is stated, nothing for an enum or unknown type."""
    found = _TYPE.match(canonical.strip())
    spelt = f"{found['base']}{found['rest']}".strip() if found else ""
    known = _KNOWN.get(_SPELLINGS.get(spelt, spelt))
    if found is None or known is None:
        return None
    name, typescript = known
    args = [item.strip() for item in (found["args"] or "").split(",") if item.strip()]
    names = ("length",) if name in {"varchar", "char"} else ("precision", "scale")
    options = tuple(zip(names, args, strict=False))
    if found["array"]:
        options, typescript = (*options, ("array", "true")), f"{typescript}[]"
    return TypeormType(name, options, typescript)


def enum_name(canonical: str) -> str:
    """Return an enum's name without schema and quotes."""
    return bare(parts(canonical)[-1])


def literal(expression: str) -> str | None:
    """Return the text of a string constant of SQL, or nothing."""
    found = _LITERAL.match(expression)
    return found[1].replace("''", "'") if found else None
