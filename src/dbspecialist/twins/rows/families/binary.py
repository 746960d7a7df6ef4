"""Bytes and bits."""

from __future__ import annotations

from dbspecialist.twins.rows.families.request import Request

TYPES = frozenset({"bytea", "bit", "varbit"})


def value(request: Request) -> str:
    """Make a byte string in hex, or a bit string of the declared length."""
    if request.type.base == "bytea":
        if request.careful and request.row == 1:
            return "\\x"
        length = 4 if request.width is None else max(1, round(request.width) - 1)
        return (
            "\\x"
            + f"{request.row:02x}".zfill(2 * ((len(f"{request.row:x}") + 1) // 2))
            + (request.rng.randbytes(max(0, length - 1)).hex())
        )
    length = request.type.modifiers[0] if request.type.modifiers else 1
    bits = f"{request.row:b}"
    return bits[-length:].zfill(length) if request.type.base == "bit" else bits[-length:]
