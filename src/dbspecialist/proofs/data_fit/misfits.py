"""Conditions that a value meets when a type cannot hold it, written in the engine's SQL."""

from __future__ import annotations

import re
from decimal import Decimal

from dbspecialist.facts.catalogue import Catalogue

_TYPE = re.compile(r"([a-z][a-z ]*?)(?:\((\d+)(?:,(-?\d+))?\))?")
_INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_FLOATS = {"real", "double precision"}
_NUMBERS = {*_INTEGERS, *_FLOATS, "numeric"}
_TEXTS = {"text", "character varying", "character"}

#: The release that brought pg_input_is_valid (release notes of PostgreSQL 16).
INPUT_IS_VALID = 160_000


def misfit(old: str, new: str, column: str, catalogue: Catalogue, version: int) -> str:
    """Return the condition on values of the old type that the new one refuses.

    Empty where it holds all of them, or where that is not known.

    Args:
        old: The type before, as `format_type` writes it.
        new: The type after.
        column: The column's name, quoted where it must be.
        catalogue: The one after the change; labels of enums are read from it.
        version: The server's that is asked.
    """
    enum = catalogue.get("enum", new)
    if enum is not None:
        return not_labelled(column, enum.attributes["labels"])
    before, after = _TYPE.fullmatch(old), _TYPE.fullmatch(new)
    if before is None or after is None:
        return ""
    if after[1] in _TEXTS:
        return _longer(before, after, column) if before[1] in _TEXTS else ""
    if before[1] in _NUMBERS and after[1] in _NUMBERS:
        return _larger(before, after, column)
    if before[1] in _TEXTS and version >= INPUT_IS_VALID:
        return f"NOT pg_input_is_valid({column}::text, '{new}')"
    return ""


def not_labelled(column: str, labels: str) -> str:
    """Return the condition on values that are none of an enum's labels, quoted as literals."""
    return f"{column}::text <> ALL (ARRAY[{labels}]::text[])"


def _longer(before: re.Match[str], after: re.Match[str], column: str) -> str:
    # Blanks beyond the length are cut without a refusal (PostgreSQL manual, "Character Types").
    limit, held = _length(after), _length(before)
    return f"length(rtrim({column}::text)) > {limit:.0f}" if limit < held else ""


def _length(found: re.Match[str]) -> float:
    if found[2]:
        return int(found[2])
    return 1 if found[1] == "character" else float("inf")


def _larger(before: re.Match[str], after: re.Match[str], column: str) -> str:
    limit, held = _bound(after), _bound(before)
    if limit is None or (held is not None and held <= limit):
        return ""
    if after[1] in _INTEGERS:
        if before[1] in _FLOATS:  # rounded as the cast does it, NaN being the greatest
            whole = f"round({column}::double precision)"
            return f"({whole} < -{limit} OR {whole} >= {limit})"
        whole = column if before[1] in _INTEGERS else f"round({column})"
        return f"{whole} NOT BETWEEN -{limit} AND {limit - 1}"
    # NaN fits every numeric (PostgreSQL manual, "Numeric Types").
    rounded = f"round({column}::numeric, {after[3] or 0})"
    return f"abs({rounded}) >= {limit:f} AND {column}::numeric <> 'NaN'"


def _bound(found: re.Match[str]) -> Decimal | None:
    """Return what every value's magnitude stays under, or nothing where there is no bound."""
    if found[1] in _INTEGERS:
        return Decimal(_INTEGERS[found[1]])
    if found[1] == "numeric" and found[2]:
        return Decimal(10) ** (int(found[2]) - int(found[3] or 0))
    return None
