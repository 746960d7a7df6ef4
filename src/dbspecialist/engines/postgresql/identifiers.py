"""Identifiers as PostgreSQL prints them: quoted where they must be."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from dbspecialist.facts.names import bare

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")


def quoted(name: str) -> str:
    """Quote a bare name where the engine's quote_ident() would.

    Source: PostgreSQL manual, "String Functions and Operators", quote_ident.
    """
    if _PLAIN.match(name) and name not in _keywords():
        return name
    return '"' + name.replace('"', '""') + '"'


def joined(*names: str) -> str:
    """Join names, each bare or quoted, to one of at most 63 bytes, quoted where it must be.

    Longer ones lose their end, as the engine cuts them ("Lexical Structure", identifiers).
    """
    name = "_".join(map(bare, names))
    return quoted(name.encode()[:63].decode(errors="ignore"))


@cache
def _keywords() -> frozenset[str]:
    """Return the keywords that are no plain names, pg_get_keywords() with catcode R, C or T."""
    text = files("dbspecialist.engines.postgresql").joinpath("keywords.txt").read_text()
    return frozenset(text.split())
