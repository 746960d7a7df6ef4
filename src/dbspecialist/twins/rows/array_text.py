"""Read PostgreSQL's array literals, as pg_stats prints its samples."""

from __future__ import annotations

import re

#: One element: quoted, or bare up to the delimiter (PostgreSQL manual, "Array Input and Output").
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]*)', re.DOTALL)


def elements(text: str) -> list[str | None]:
    """Return the elements of a one-dimensional array literal; NULL is nothing.

    An array of arrays is cut at its top level: each inner array is one element.
    """
    inner = text.strip().removeprefix("{").removesuffix("}")
    if not inner:
        return []
    if inner.startswith("{"):
        return list(_inner_arrays(inner))
    found: list[str | None] = []
    at = 0
    while at <= len(inner):
        match = _ELEMENT.match(inner, at)
        if match is None:
            break
        quoted, bare = match.groups()
        if quoted is not None:
            found.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        else:
            found.append(None if bare == "NULL" else bare)
        at = match.end() + 1
    return found


def _inner_arrays(inner: str) -> list[str]:
    found, depth, start, quoted, skip = [], 0, 0, False, False
    for at, char in enumerate(inner):
        if skip:
            skip = False
        elif char == "\\":
            skip = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "{}":
            depth += 1 if char == "{" else -1
            start = at if char == "{" and depth == 1 else start
            if char == "}" and depth == 0:
                found.append(inner[start : at + 1])
    return found
