"""Outlines: a statement's tokens in one form, for regular expressions to look at.

Upper case, one blank between tokens, no comments, strings as `''`, names in quotes as they are
(without blanks), each parenthesis with its depth: `GENERATED ALWAYS AS (1 A * 2 )1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.tokens import Token, tokens
from dbspecialist.facts.errors import InputError

_SILENT = frozenset({"space", "line_comment", "block_comment"})
_STRINGS = frozenset({"quoted", "escape", "dollar"})
#: Statements whose dollar quotes hold SQL, unless they say another language.
_WITH_BODY = re.compile(r"(?:DO|CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE))\b")
_LANGUAGE = re.compile(r'\bLANGUAGE "?([A-Z0-9_]+)"?')
_KNOWN_LANGUAGES = frozenset({"SQL", "PLPGSQL"})


def outlines(sql: str) -> tuple[str, ...]:
    """Outline a statement and the statements of the bodies that it holds.

    What does not end what it begins has no outline: the engine refuses it.
    """
    try:
        return tuple(_outlines(sql))
    except InputError:
        return ()


def _outlines(sql: str) -> Iterator[str]:
    found = [item for item in tokens(sql, "") if item.kind not in _SILENT]
    texts = list(_written(sql, found))
    whole = " ".join(part for text in texts for part in text)
    language = _LANGUAGE.search(whole)
    if _WITH_BODY.match(whole) and (not language or language[1] in _KNOWN_LANGUAGES):
        for item in found:
            if item.kind == "dollar":
                width = sql.index("$", item.start + 1) + 1 - item.start
                yield from _outlines(sql[item.start + width : item.end - width])
    yield from (" ".join(text) for text in texts if text)


def _written(sql: str, found: list[Token]) -> Iterator[list[str]]:
    """Write the tokens of each statement; a body of BEGIN ATOMIC holds several."""
    depth = 0
    text: list[str] = []
    for item in found:
        if item.kind == "semicolon":
            yield text
            text, depth = [], 0
            continue
        if item.kind == "open":
            depth += 1
        text.append(_word(sql, item, depth))
        if item.kind == "close":
            depth -= 1
    yield text


def _word(sql: str, item: Token, depth: int) -> str:
    if item.kind in _STRINGS:
        return "''"
    if item.kind in {"open", "close"}:
        return f"{sql[item.start]}{depth}"
    text = sql[item.start : item.end]
    return text.replace(" ", "_") if item.kind == "name" else text.upper()
