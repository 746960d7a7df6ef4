"""Identifiers as PostgreSQL prints them: quoted where they must be."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from dbspecialist.facts.names import bare

#: NAMEDATALEN - 1 (PostgreSQL manual, "Lexical Structure", identifiers).
_LONGEST = 63

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")


def quoted(name: str) -> str:
    """Quote a bare name where the engine's quote_ident() would.

    Source: PostgreSQL manual, "String Functions and Operators", quote_ident.
    """
    if _PLAIN.match(name) and name not in _keywords():
        return name
    return '"' + name.replace('"', '""') + '"'


def object_name(relation: str, part: str, label: str) -> str:
    """Return the name that the engine makes up for a constraint or index, quoted where it must be.

    Beyond 63 bytes the longer of the two names loses its end (PostgreSQL source, makeObjectName).

    Args:
        relation: The table's name without its schema, bare or quoted.
        part: The column's.
        label: What follows them: `fkey`, `not_null`.
    """
    first, second = bare(relation).encode(), bare(part).encode()
    room = _LONGEST - len(label.encode()) - 2
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    return quoted("_".join((_whole(first), _whole(second), label)))


def _whole(name: bytes) -> str:
    """Decode a cut name without the rest of a character."""
    return name.decode(errors="ignore")


@cache
def _keywords() -> frozenset[str]:
    """Return the keywords that are no plain names, pg_get_keywords() with catcode R, C or T."""
    text = files("dbspecialist.engines.postgresql").joinpath("keywords.txt").read_text()
    return frozenset(text.split())
