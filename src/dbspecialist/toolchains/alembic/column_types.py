"""Types of columns as SQLAlchemy writes them, where its type has the same name in PostgreSQL."""

from __future__ import annotations

import re

_PLAIN = {
    "bigint": "BigInteger",
    "boolean": "Boolean",
    "bytea": "LargeBinary",
    "character varying": "String",
    "date": "Date",
    "double precision": "Double",
    "integer": "Integer",
    "interval": "Interval",
    "numeric": "Numeric",
    "smallint": "SmallInteger",
    "text": "Text",
    "timestamp without time zone": "DateTime",
    "uuid": "Uuid",
}
_LENGTH = re.compile(r"character varying\((\d+)\)")
_PRECISION = re.compile(r"numeric\((\d+),(\d+)\)")


def sqlalchemy_type(type_: str) -> str | None:
    """Return the type as an expression of `sa`, or nothing where no plain type is the same."""
    text = type_.strip().lower()
    if text in _PLAIN:
        return f"sa.{_PLAIN[text]}()"
    if text == "timestamp with time zone":
        return "sa.DateTime(timezone=True)"
    length, precision = _LENGTH.fullmatch(text), _PRECISION.fullmatch(text)
    if length:
        return f"sa.String({length[1]})"
    return f"sa.Numeric({precision[1]}, {precision[2]})" if precision else None
