"""Numbers as people read them: durations, counts and sizes."""

from __future__ import annotations

import re

from dbspecialist.facts.errors import InputError

MILLISECONDS = {"ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0}
COUNTS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
SIZES = ((2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*")


def milliseconds(text: str) -> float:
    """Read a duration such as `500ms`, `1s`, `2.5min` or `1h`.

    Raises:
        InputError: Where the text is not a number followed by one of the four units.
    """
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is not a duration", todo="write it as 500ms, 1s, 2min or 1h")
    return float(found[1]) * MILLISECONDS[found[2]]


def duration(ms: float) -> str:
    """Write milliseconds in the unit that people would use (`620 ms`, `4.2 s`, `3.9 min`)."""
    if ms < 1:
        return "0 ms" if ms <= 0 else "under 1 ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    for limit, unit, size in ((59_950.0, "s", 1e3), (3_597_000.0, "min", 6e4)):
        if ms < limit:
            return f"{_short(ms / size)} {unit}"
    return f"{_short(ms / 3.6e6)} h"


def count(number: float) -> str:
    """Write a count with separators, from a million on in words (`12,400`, `1.2 billion`)."""
    for size, word in COUNTS:
        if number >= size * 0.9995:
            return f"{_short(number / size)} {word}"
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Write bytes in binary units (`512 B`, `3.4 GiB`)."""
    for unit_size, unit in SIZES:
        if number >= unit_size:
            return f"{_short(number / unit_size)} {unit}"
    return f"{number:.0f} B"


def plural(number: int, noun: str) -> str:
    """Write a count with its noun (`1 migration`, `2 migrations`)."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _short(number: float) -> str:
    digits = 0 if number >= 99.95 else 1
    return f"{number:,.{digits}f}".removesuffix(".0")
