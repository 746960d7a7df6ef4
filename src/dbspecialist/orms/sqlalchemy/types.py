"""The types of columns: SQLAlchemy's name and Python's for the engine's canonical text.

Documentation of SQLAlchemy: "The Type Hierarchy", "PostgreSQL: Data Types", and, for the types that
an annotation alone gives, "Mapped Column Derives Datatype from Annotation".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TYPE = re.compile(
    r"^(?P<base>[^(\[]+?)\s*(\((?P<args>[^)]*)\))?(?P<rest>[^(\[]*)(?P<array>(\[\])*)$"
)

CORE, POSTGRESQL = "sqlalchemy", "sqlalchemy.dialects.postgresql"


@dataclass(frozen=True, slots=True)
class Named:
    """A name and the module that it is imported from ("" for a builtin)."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How a type is written.

    Args:
        type: SQLAlchemy's class.
        arguments: What stands in its parentheses, "" for the bare class.
        python: The class of its values.
        derived: Whether the annotation of that class alone gives this type.
        dimensions: How many times it is an array.
    """

    type: Named
    arguments: str
    python: Named
    derived: bool = False
    dimensions: int = 0


_INT, _STR, _BYTES = Named("", "int"), Named("", "str"), Named("", "bytes")
_FLOAT, _BOOL = Named("", "float"), Named("", "bool")
_DECIMAL, _UUID = Named("decimal", "Decimal"), Named("uuid", "UUID")
_DICT, _ANY = Named("", "dict[str, Any]"), Named("typing", "Any")


def _time(name: str) -> Named:
    return Named("datetime", name)


#: By canonical name: module, class, Python's class, and whether the annotation alone gives it.
_KNOWN: dict[str, tuple[str, str, Named, bool]] = {
    "smallint": (CORE, "SmallInteger", _INT, False),
    "integer": (CORE, "Integer", _INT, True),
    "bigint": (CORE, "BigInteger", _INT, False),
    "text": (CORE, "Text", _STR, False),
    "character varying": (CORE, "String", _STR, True),
    "character": (CORE, "CHAR", _STR, False),
    "boolean": (CORE, "Boolean", _BOOL, True),
    "numeric": (CORE, "Numeric", _DECIMAL, True),
    "real": (CORE, "REAL", _FLOAT, False),
    "double precision": (CORE, "Double", _FLOAT, False),
    "date": (CORE, "Date", _time("date"), True),
    "timestamp without time zone": (CORE, "DateTime", _time("datetime"), True),
    "timestamp with time zone": (CORE, "DateTime", _time("datetime"), False),
    "time without time zone": (CORE, "Time", _time("time"), True),
    "time with time zone": (CORE, "Time", _time("time"), False),
    "interval": (CORE, "Interval", _time("timedelta"), True),
    "uuid": (CORE, "Uuid", _UUID, True),
    "bytea": (CORE, "LargeBinary", _BYTES, True),
    "json": (CORE, "JSON", _DICT, False),
    "jsonb": (POSTGRESQL, "JSONB", _DICT, False),
    **{
        name: (POSTGRESQL, name.upper(), _STR, False)
        for name in (*("inet", "cidr", "macaddr", "macaddr8", "money", "tsvector", "tsquery"),)
    },
    "bit": (POSTGRESQL, "BIT", _STR, False),
    "citext": (POSTGRESQL, "CITEXT", _STR, False),
    "hstore": (POSTGRESQL, "HSTORE", _DICT, False),
    "int4range": (POSTGRESQL, "INT4RANGE", _ANY, False),
    "int8range": (POSTGRESQL, "INT8RANGE", _ANY, False),
    "numrange": (POSTGRESQL, "NUMRANGE", _ANY, False),
    "daterange": (POSTGRESQL, "DATERANGE", _ANY, False),
    "tsrange": (POSTGRESQL, "TSRANGE", _ANY, False),
    "tstzrange": (POSTGRESQL, "TSTZRANGE", _ANY, False),
}

#: Other spellings of canonical names that people write.
_SPELLINGS = {
    **{"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint"},
    **{"bool": "boolean", "varchar": "character varying", "char": "character"},
    **{"decimal": "numeric", "float4": "real", "float8": "double precision", "float": "real"},
    **{"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"},
    **{"time": "time without time zone", "timetz": "time with time zone"},
}


def column_type(canonical: str) -> ColumnType | None:
    """Return how a built-in type is written, nothing for an enum, domain or unknown type."""
    found = _TYPE.match(canonical.strip())
    if found is None:
        return None
    spelt = f"{found['base']}{found['rest']}".strip()
    name = _SPELLINGS.get(spelt, spelt)
    if name not in _KNOWN:
        return None
    module, written, python, derived = _KNOWN[name]
    args = ", ".join(item.strip() for item in (found["args"] or "").split(",") if item.strip())
    if written in {"DateTime", "Time"}:
        if args:  # a precision is the dialect's own
            module, written = POSTGRESQL, {"DateTime": "TIMESTAMP", "Time": "TIME"}[written]
            args = f"precision={args}"
        if "with time zone" in name:
            args = ", ".join(filter(None, ["timezone=True", args]))
    dimensions = found["array"].count("[]")
    plain = derived and not args and not dimensions
    return ColumnType(Named(module, written), args, python, plain, dimensions)
