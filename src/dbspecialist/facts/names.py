"""Names: as the engine prints them, with quotes where they must be, and bare."""

from __future__ import annotations

import re

_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')


def bare(name: str) -> str:
    """Return one name without its quotes."""
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return name[1:-1].replace('""', '"')
    return name


def parts(qualified: str) -> list[str]:
    """Split a qualified name at the dots outside of quotes; the parts keep their quotes."""
    return _PART.findall(qualified)
