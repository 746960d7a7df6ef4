"""Sequelize's data types for PostgreSQL's canonical text ("DataTypes" in its API reference)."""

from __future__ import annotations

import re

_TYPE = re.compile(
    r"^(?P<base>[^(\[]+?)\s*(\((?P<args>[^)]*)\))?(?P<rest>[^(\[]*)(?P<array>(\[\])*)$"
)
_LITERAL = re.compile(r"^'((?:[^']|'')*)'(::.+)?$")

#: Canonical name: Sequelize's type, and TypeScript's class of its values.
_KNOWN = {
    "smallint": ("SMALLINT", "number"),
    "integer": ("INTEGER", "number"),
    "bigint": ("BIGINT", "string"),
    "text": ("TEXT", "string"),
    "character varying": ("STRING", "string"),
    "character": ("CHAR", "string"),
    "boolean": ("BOOLEAN", "boolean"),
    "numeric": ("DECIMAL", "string"),
    "real": ("REAL", "number"),
    "double precision": ("DOUBLE", "number"),
    "date": ("DATEONLY", "string"),
    "timestamp with time zone": ("DATE", "Date"),
    "time without time zone": ("TIME", "string"),
    "uuid": ("UUID", "string"),
    "bytea": ("BLOB", "Buffer"),
    "json": ("JSON", "object"),
    "jsonb": ("JSONB", "object"),
    "inet": ("INET", "string"),
    "cidr": ("CIDR", "string"),
    "macaddr": ("MACADDR", "string"),
    "citext": ("CITEXT", "string"),
    "tsvector": ("TSVECTOR", "string"),
    "hstore": ("HSTORE", "object"),
}
_SPELLINGS = {
    **{"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint"},
    **{"bool": "boolean", "varchar": "character varying", "char": "character"},
    **{"decimal": "numeric", "float4": "real", "float8": "double precision"},
    **{"timestamptz": "timestamp with time zone", "time": "time without time zone"},
}


def sequelize_type(canonical: str, prefix: str) -> tuple[str, str] | None:
    """Return how a type is written and TypeScript's class; nothing where only its name will do.

    Args:
        canonical: The engine's text.
        prefix: What the file calls the data types (`DataTypes`).
    """
    found = _TYPE.match(canonical.strip())
    spelt = f"{found['base']}{found['rest']}".strip() if found else ""
    known = _KNOWN.get(_SPELLINGS.get(spelt, spelt))
    args = [item.strip() for item in (found["args"] or "").split(",")] if found else []
    args = [item for item in args if item]
    if found is None or known is None or (known[0] == "DATE" and args):
        return None
    if known[0] == "STRING" and not args:
        return None  # Sequelize's STRING is varchar(255)
    name, typescript = known
    shown = args if (name, args) != ("STRING", ["255"]) else []
    text = f"{prefix}.{name}" + (f"({', '.join(shown)})" if shown else "")
    for _ in range(found["array"].count("[]")):
        text, typescript = f"{prefix}.ARRAY({text})", f"{typescript}[]"
    return text, typescript


def literal(expression: str) -> str | None:
    """Return the text of a string constant of SQL, or nothing."""
    found = _LITERAL.match(expression)
    return found[1].replace("''", "'") if found else None
