"""Names: as the engine prints them, with quotes where they must be, and bare."""

from __future__ import annotations

import re

#: A name, and one that may be qualified, as they stand in SQL.
NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
QUALIFIED = rf"{NAME}(?:\s*\.\s*{NAME}){{0,2}}"

_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')

_LISTED = re.compile(r'(?:"(?:[^"]|"")*"|[^",])+')


def bare(name: str) -> str:
    """Return one name without its quotes."""
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return name[1:-1].replace('""', '"')
    return name


def parts(qualified: str) -> list[str]:
    """Split a qualified name at the dots outside of quotes; the parts keep their quotes."""
    return _PART.findall(qualified)


def last(qualified: str) -> str:
    """Return the last part of a qualified name, quoted where it was."""
    return parts(qualified)[-1] if qualified else ""


def listed(text: str) -> list[str]:
    """Split a list of names at the commas outside of quotes."""
    return [found.strip() for found in _LISTED.findall(text) if found.strip()]
