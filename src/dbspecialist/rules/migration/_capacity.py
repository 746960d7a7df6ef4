"""What types can hold, decided on their names as the engine writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

_TYPE = re.compile(r"([a-z][a-z ]*?)(?:\((\d+)(?:,(-?\d+))?\))?$")
_INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_TEXTS = ("character varying", "character")

Fits = Callable[[str], bool]


def narrowed(old: str, new: str) -> tuple[Fits, str] | None:
    """Return a test of values and the SQLSTATE of a misfit where a type holds less than before.

    Nothing where it holds as much, or where that cannot be said from the names.
    """
    before, after = _TYPE.fullmatch(old), _TYPE.fullmatch(new)
    if before is None or after is None:
        return None
    if after[1] in _TEXTS and before[1] in (*_TEXTS, "text"):
        return _shorter(_length(before), _length(after))
    if _digits(after) is not None and (_digits(before) is not None or before[1] == "numeric"):
        return _smaller(before, after)
    return None


def _length(found: re.Match[str]) -> float:
    if found[2]:
        return int(found[2])
    return 1 if found[1] == "character" else float("inf")


def _shorter(old: float, new: float) -> tuple[Fits, str] | None:
    # Blanks beyond the length are cut without a refusal (PostgreSQL manual, "Character Types").
    return None if new >= old else (lambda value: len(value.rstrip(" ")) <= new, "22001")


def _digits(found: re.Match[str]) -> Decimal | None:
    """Return the bound that every value's magnitude stays under."""
    if found[1] in _INTEGERS:
        return Decimal(_INTEGERS[found[1]])
    if found[1] == "numeric" and found[2]:
        return Decimal(10) ** (int(found[2]) - int(found[3] or 0))
    return None


def _smaller(before: re.Match[str], after: re.Match[str]) -> tuple[Fits, str] | None:
    old, new = _digits(before), _digits(after)
    if new is None or (old is not None and new >= old):
        return None
    scale = int(after[3] or 0)

    def fits(value: str) -> bool:
        try:
            return abs(round(Decimal(value), scale)) < new
        except (InvalidOperation, ValueError):  # NaN and infinity fit no bounded type
            return False

    return fits, "22003"
