"""Numbers of migrations: counted on, or told by the clock, as those that are there."""

from __future__ import annotations

import re
from datetime import UTC, datetime

#: What a number of this many digits tells, where it begins with a year.
_CLOCKS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_YEAR = re.compile(r"(19|20)\d\d(0\d|1[0-2])([0-2]\d|3[01])")
_HYPHENS = re.compile(r"\d{4}-\d\d-\d\d-\d{6}")


def next_number(last: str, now: datetime) -> str:
    """Return the number that follows another, in its form.

    Args:
        last: Digits, several groups of them with dots or underscores between, or a time as
            diesel writes it (`2026-01-31-120000`).
        now: The time that the next one tells, where the last tells one.
    """
    if _HYPHENS.fullmatch(last):
        return max(now.strftime("%Y-%m-%d-%H%M%S"), _hyphened(int(last.replace("-", "")) + 1))
    if not last.isdigit():
        head, mark, tail = re.fullmatch(r"(.*)([._])(\d+)", last).groups()  # type: ignore[union-attr]
        return f"{head}{mark}{next_number(tail, now)}"
    clock = _clock(last, now)
    return str(max(clock, int(last) + 1)).zfill(len(last))


def _clock(last: str, now: datetime) -> int:
    """Return the time as the last number tells it; 0 where it only counts."""
    if len(last) in _CLOCKS and _YEAR.match(last):
        return int(now.strftime(_CLOCKS[len(last)]))
    seconds = now.astimezone(UTC).timestamp()
    if len(last) == 10 and last.startswith("1"):
        return int(seconds)
    if len(last) == 13 and last.startswith("1"):
        return int(seconds * 1000)
    return 0


def _hyphened(number: int) -> str:
    text = str(number)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}-{text[8:]}"
