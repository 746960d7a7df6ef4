"""Tokens: MySQL's SQL cut into words, names, literals and comments.

The rules are those of the manuals' chapters "Language Structure" (MySQL) and "SQL Language
Structure" (MariaDB): backticks quote names, a backslash escapes within strings, `#` and `-- `
begin comments, and what stands in `/*! … */` is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>\#[^\n]*|--(?=[\s]|\Z)[^\n]*|/\*(?![!M]).*?(?:\*/|\Z))
  | (?P<hint>/\*M?!\d*|\*/)
  | (?P<string>[xXbBnN]?'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
  | (?P<name>`(?:[^`]|``)*`)
  | (?P<word>@{0,2}[\w$\u0080-\uffff]+)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<comma>,)
  | (?P<dot>\.)
  | (?P<semicolon>;)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
SILENT = frozenset({"space", "comment", "hint"})


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text, and where it begins and ends."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text in lower case where it is a bare word, else ""."""
        return self.text.lower() if self.kind == "word" else ""


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Yield all tokens from a place on."""
    for found in _TOKEN.finditer(text, start):
        yield Token(str(found.lastgroup), found.group(), found.start(), found.end())


def meaningful(text: str) -> list[Token]:
    """Return the tokens without space and comments; what is in `/*! */` counts."""
    return [item for item in tokens(text) if item.kind not in SILENT]


def words(text: str, most: int = 4) -> list[str]:
    """Return the first tokens of a statement in lower case."""
    found = []
    for item in tokens(text):
        if item.kind in SILENT:
            continue
        found.append(item.text.lower())
        if len(found) == most:
            break
    return found
