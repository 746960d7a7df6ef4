"""Composite types: every attribute gets a value."""

from __future__ import annotations

from dbspecialist.twins.rows.families.arrays import quoted
from dbspecialist.twins.rows.families.request import Nested, Request


def value(request: Request, nested: Nested) -> str:
    """Make a row literal."""
    parts = (nested(request.of(inner)) for inner in request.type.attributes.values())
    return "(" + ",".join(quoted(part) for part in parts) + ")"
