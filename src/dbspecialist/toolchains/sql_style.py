"""The style of a repository's SQL: whether it writes keywords in capitals, and quotes its names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.toolchains.sql_quoting import quoted

#: The mark of DO blocks of our own, which hold statements.
BLOCK = "$do$"

#: Beginnings of statements; two words, so that prose is not taken for them.
_BEGINNINGS = re.compile(
    r"\b(?:(?:create|alter|drop)\s+(?:table|(?:unique\s+)?index|type|view|sequence|schema)"
    r"|insert\s+into|add\s+column|add\s+constraint|delete\s+from)\b",
    re.IGNORECASE,
)


#: Names behind the words that name an object, quoted or not, also in the texts of other languages.
_NAMED = re.compile(
    r"\b(?:table|column|constraint|into|references)\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?"
    r"(\\?\"|[a-z_])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SqlStyle:
    """How a repository writes SQL.

    Args:
        lower: Whether keywords are in lower case.
        quotes: Whether names stand in quotation marks.
    """

    lower: bool = False
    quotes: bool = False

    def written(self, statements: Iterable[str]) -> tuple[str, ...]:
        """Return statements in the style."""
        return tuple(self._written(sql) for sql in statements)

    def _written(self, sql: str) -> str:
        text = quoted(sql) if self.quotes else sql
        return in_lower_case(text) if self.lower else text


def style_of(texts: Iterable[str]) -> SqlStyle:
    """Read the style of most statements in some texts."""
    known = tuple(texts)
    return SqlStyle(keywords_are_lower(known), names_are_quoted(known))


def names_are_quoted(texts: Iterable[str]) -> bool:
    """Whether most of the names in some texts stand in quotation marks."""
    found: list[str] = [item[1] for text in texts for item in _NAMED.finditer(text)]
    return 2 * sum(item.endswith('"') for item in found) > len(found)


def keywords_are_lower(texts: Iterable[str]) -> bool:
    """Whether most of the statements in some texts begin in lower case."""
    found = [item[0] for text in texts for item in _BEGINNINGS.finditer(text)]
    return 2 * sum(item.islower() for item in found) > len(found)


def in_lower_case(sql: str) -> str:
    """Return a statement with its words in lower case; quoted names, texts and functions stay.

    The engine folds unquoted names to lower case, so that the statement stays the same
    ("Identifiers and Key Words", PostgreSQL manual).
    """
    return "".join(_lowered(sql[item.start : item.end], item.kind) for item in tokens(sql, ""))


def _lowered(text: str, kind: str) -> str:
    if kind == "word":
        return text.lower()
    if kind == "dollar" and text.startswith(BLOCK):
        return BLOCK + in_lower_case(text[len(BLOCK) : -len(BLOCK)]) + BLOCK
    return text
