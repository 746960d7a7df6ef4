"""The style of a repository's SQL: whether it writes keywords in capitals."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbspecialist.engines.postgresql.tokens import tokens

#: The mark of DO blocks of our own, which hold statements.
BLOCK = "$do$"

#: Beginnings of statements; two words, so that prose is not taken for them.
_BEGINNINGS = re.compile(
    r"\b(?:(?:create|alter|drop)\s+(?:table|(?:unique\s+)?index|type|view|sequence|schema)"
    r"|insert\s+into|add\s+column|add\s+constraint|delete\s+from)\b",
    re.IGNORECASE,
)


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
