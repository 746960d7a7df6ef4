"""Values by family of types: one module a family, found by being in this folder.

A module says which types it knows in `TYPES` (names as in pg_type.typname) and makes one text
literal in `value(request)`. Types made of other types are arrays, ranges and composites.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from dbspecialist.twins.rows.families import arrays, composites, ranges
from dbspecialist.twins.rows.families.request import Request

Family = Callable[[Request], str]


@cache
def _families() -> Mapping[str, Family]:
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found.update(dict.fromkeys(getattr(loaded, "TYPES", ()), getattr(loaded, "value", None)))
    return found


def literal(request: Request) -> str:
    """Make one value of any type, in the text form that its input function reads."""
    asked = request.type
    if asked.labels:
        return asked.labels[request.row % len(asked.labels)]
    if asked.kind == "d" and asked.element:
        return literal(replace(request, type=asked.element))
    if asked.array:
        return arrays.value(request, literal)
    if asked.kind in "rm":
        return ranges.value(request, literal)
    if asked.kind == "c":
        return composites.value(request, literal)
    return _families().get(asked.base, _families()["text"])(request)


def known(base: str) -> bool:
    """Return whether some family knows the base type of that name."""
    return base in _families()
