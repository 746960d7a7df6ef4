"""Geometry: the built-in types, and those of PostGIS, cube and pgvector."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Request

TYPES = frozenset(
    {"point", "line", "lseg", "box", "path", "polygon", "circle", "cube"}
    | {"geometry", "geography", "vector", "halfvec", "sparsevec"}
)


def value(request: Request) -> str:
    """Make a small figure; those of different rows do not overlap."""
    x, y = request.row * 10, request.position
    dimensions = request.type.modifiers[0] if request.type.modifiers else 3
    shapes = {
        "point": f"({x},{y})",
        "line": f"{{1,{x + 1},{y}}}",
        "circle": f"<({x},{y}),2>",
        "cube": f"({x},{y})",
        "geometry": f"POINT({x % 180} {y % 90})",
        "geography": f"POINT({x % 180} {y % 90})",
        "path": f"(({x},{y}),({x + 2},{y}),({x + 2},{y + 2}))",
        "polygon": f"(({x},{y}),({x + 2},{y}),({x + 2},{y + 2}))",
        "sparsevec": f"{{1:{x + 1}}}/{dimensions}",
    }
    if request.type.base in ("vector", "halfvec"):
        return "[" + ",".join(str(x + number) for number in range(dimensions)) + "]"
    return shapes.get(request.type.base, f"({x},{y}),({x + 2},{y + 2})")
