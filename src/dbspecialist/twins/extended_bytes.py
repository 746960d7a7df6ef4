"""Stored forms of ndistinct and dependencies, built from the text that pg_stats_ext shows.

The layouts are those of PostgreSQL's source, `statext_ndistinct_serialize` in `mvdistinct.c` and
`statext_dependencies_serialize` in `dependencies.c`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

_DISTINCT_MAGIC, _DEPENDENCIES_MAGIC, _BASIC = 0xA352BFA4, 0xB4549A2C, 1


def _pairs(text: str, separator: str) -> list[tuple[list[int], float]]:
    """Read `{"1, 2": 11, "1, 3": 5}` or `{"1 => 2": 1.0}` as column numbers and figures."""
    found = re.findall(r'"([-0-9, =>]+)": ([0-9.eE+-]+)', text)
    return [
        ([int(number) for number in re.split(separator, key)], float(figure))
        for key, figure in found
    ]


def distinct_bytes(text: str, numbers: Mapping[int, int]) -> bytes | None:
    """Build a stored `pg_ndistinct`; nothing where the text is in no known form."""
    items = _pairs(text, r", ")
    if not items:
        return None
    parts = [struct.pack("<3I", _DISTINCT_MAGIC, _BASIC, len(items))]
    for columns, count in items:
        mapped = [numbers[number] for number in columns]
        parts.append(struct.pack(f"<di{len(mapped)}h", count, len(mapped), *mapped))
    return b"".join(parts)


def dependencies_bytes(text: str, numbers: Mapping[int, int]) -> bytes | None:
    """Build a stored `pg_dependencies`; nothing where the text is in no known form."""
    items = _pairs(text, r", | => ")
    if not items:
        return None
    parts = [struct.pack("<3I", _DEPENDENCIES_MAGIC, _BASIC, len(items))]
    for columns, degree in items:
        mapped = [numbers[number] for number in columns]
        parts.append(struct.pack(f"<dh{len(mapped)}h", degree, len(mapped), *mapped))
    return b"".join(parts)
