"""Numbers: small ones, and where nothing is known negative, large and zero as well."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Request

TYPES = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8", "money", "bool"})

#: The largest value of each integer type (PostgreSQL manual, "Numeric Types").
LARGEST = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1}


def value(request: Request) -> str:
    """Make a number within the type's range and scale."""
    base = request.type.base
    if base == "bool":
        return "true" if request.row % 2 == 0 else "false"
    if base in LARGEST:
        return str(_edge(request, LARGEST[base], request.row + 1))
    precision, scale = _digits(request)
    largest = 10 ** (precision - scale) - 1
    whole = _edge(request, min(largest, 10**12), (request.row + 1) % (largest + 1))
    if scale <= 0:
        return str(whole)
    return f"{whole}.{request.rng.randrange(10 ** min(scale, 2)):0{min(scale, 2)}d}"


def _edge(request: Request, largest: int, plain: int) -> int:
    if not request.careful:
        return plain
    return {1: -min(plain, largest), 2: largest, 3: 0}.get(request.row, plain)


def _digits(request: Request) -> tuple[int, int]:
    if request.type.base == "numeric" and request.type.modifiers:
        precision, *scale = request.type.modifiers
        return max(precision, scale[0] if scale else 0), scale[0] if scale else 0
    return 14, 2
