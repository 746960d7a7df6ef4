"""Messages cut to a line: what they quote of the input may be as long as the input."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"([^"]*)"')

#: No name is longer: two of 63 bytes with a dot (PostgreSQL manual, "Lexical Structure").
_LONGEST_NAME = 127
_KEPT = 59


def cut_quotes(message: str) -> str:
    """Cut what stands between double quotes to 60 characters where it is longer than a name."""
    return _QUOTED.sub(lambda found: f'"{_cut(found[1])}"', message)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[:_KEPT]}…"
