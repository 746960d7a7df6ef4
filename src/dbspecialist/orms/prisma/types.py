"""Prisma's types for PostgreSQL's canonical text ("PostgreSQL type mapping" in its docs)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.facts.names import bare, parts
from dbspecialist.orms.prisma.document import Block

_TYPE = re.compile(
    r"^(?P<base>[^(\[]+?)\s*(\((?P<args>[^)]*)\))?(?P<rest>[^(\[]*)(?P<array>(\[\])*)$"
)
_LITERAL = re.compile(r"^'((?:[^']|'')*)'(::(?P<type>.+))?$")

#: Canonical name: Prisma's type, its native attribute, and whether it is the type's default.
_KNOWN = {
    "smallint": ("Int", "SmallInt", False),
    "integer": ("Int", "Integer", True),
    "bigint": ("BigInt", "BigInt", True),
    "text": ("String", "Text", True),
    "character varying": ("String", "VarChar", False),
    "character": ("String", "Char", False),
    "boolean": ("Boolean", "Boolean", True),
    "numeric": ("Decimal", "Decimal", False),
    "real": ("Float", "Real", False),
    "double precision": ("Float", "DoublePrecision", True),
    "money": ("Decimal", "Money", False),
    "date": ("DateTime", "Date", False),
    "timestamp without time zone": ("DateTime", "Timestamp", False),
    "timestamp with time zone": ("DateTime", "Timestamptz", False),
    "time without time zone": ("DateTime", "Time", False),
    "time with time zone": ("DateTime", "Timetz", False),
    "uuid": ("String", "Uuid", False),
    "bytea": ("Bytes", "ByteA", True),
    "json": ("Json", "Json", False),
    "jsonb": ("Json", "JsonB", True),
    "inet": ("String", "Inet", False),
    "citext": ("String", "Citext", False),
    "xml": ("String", "Xml", False),
    "bit": ("String", "Bit", False),
    "bit varying": ("String", "VarBit", False),
    "oid": ("Int", "Oid", False),
}
_SPELLINGS = {
    **{"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint"},
    **{"bool": "boolean", "varchar": "character varying", "char": "character"},
    **{"decimal": "numeric", "float4": "real", "float8": "double precision"},
    **{"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"},
}


@dataclass(frozen=True, slots=True)
class PrismaType:
    """A type as a field states it: `String`, `[]`, `@db.VarChar(40)`."""

    name: str
    array: bool = False
    native: str = ""


def prisma_type(canonical: str, enums: dict[str, str]) -> PrismaType:
    """Return how a type is written; what Prisma does not know is `Unsupported("…")`.

    Args:
        canonical: The engine's text.
        enums: Prisma's names of enums, by those in the database.
    """
    found = _TYPE.match(canonical.strip())
    spelt = f"{found['base']}{found['rest']}".strip() if found else canonical
    array = bool(found and found["array"])
    enum = enums.get(bare(parts(spelt)[-1])) if spelt else None
    if enum:
        return PrismaType(enum, array)
    known = _KNOWN.get(_SPELLINGS.get(spelt, spelt))
    if found is None or known is None:
        return PrismaType(f'Unsupported("{canonical}")')
    name, native, default = known
    args = ", ".join(item.strip() for item in (found["args"] or "").split(",") if item.strip())
    if (native, args) == ("Timestamp", "3"):
        return PrismaType(name, array)
    stated = f"@db.{native}" + (f"({args})" if args else "")
    return PrismaType(name, array, "" if default and not args else stated)


def default_of(expression: str, kind: PrismaType, enum: Block | None) -> str:
    """Return the argument of @default(…) for an SQL expression."""
    literal = _LITERAL.match(expression)
    plain = literal[1].replace("''", "'") if literal else ""
    lower = expression.lower()
    number = re.fullmatch(r"'?(-?\d+(\.\d+)?)'?(::[\w ]+)?", expression)
    found = ""
    if kind.array:
        found = "[]" if lower.startswith("array[]") or (literal and plain == "{}") else ""
    elif enum is not None:
        found = label_name(enum, plain) if literal else ""
    elif kind.name in {"String", "Json"}:
        found = f'"{_escaped(plain)}"' if literal else ""
    elif kind.name == "Boolean":
        found = lower if lower in {"true", "false"} else ""
    elif kind.name == "DateTime":
        found = "now()" if lower in {"now()", "current_timestamp"} else ""
    elif number:
        found = number[1]
    if lower.startswith("nextval("):
        found = "autoincrement()"
    return found or f'dbgenerated("{_escaped(expression)}")'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def label_name(enum: Block, label: str) -> str:
    """Return a value's name in an enum, by its label in the database."""
    for _, text in enum.body():
        found = re.match(rf'\s*(\w+)\s+.*@map\("{re.escape(label)}"\)', text)
        if found:
            return found[1]
    return label
