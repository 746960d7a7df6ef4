"""Arrays: one or two elements, empty in one row where nothing is known."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Nested, Request


def value(request: Request, nested: Nested) -> str:
    """Make an array literal."""
    inner = request.type.element
    if inner is None or (request.careful and request.row == 1):
        return "{}"
    first, second = (nested(request.of(inner, request.row + number)) for number in (0, 1))
    comma = ";" if inner.root.base == "box" else ","
    return "{" + comma.join(quoted(item) for item in (first, second)) + "}"


def quoted(item: str) -> str:
    """Return an element as it stands in an array literal."""
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
