"""Ranges and multiranges: bounded, not empty, and apart from those of other rows."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Nested, Request

#: Steps between the lower and the upper bound of a row's range, and between rows.
LENGTH, STEP = 2, 4


def value(request: Request, nested: Nested) -> str:
    """Make a range `[a,b)` or a multirange of one."""
    asked = request.type
    inner = asked.element
    if inner is None:
        return "empty"
    if asked.kind == "m":
        return "{" + nested(request.of(inner)) + "}"
    low = nested(request.of(inner, request.row * STEP))
    high = nested(request.of(inner, request.row * STEP + LENGTH))
    return f"[{_quoted(low)},{_quoted(high)})"


def _quoted(bound: str) -> str:
    return f'"{bound}"' if " " in bound or "," in bound else bound
