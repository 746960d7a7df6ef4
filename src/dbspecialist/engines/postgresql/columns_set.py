"""Columns that UPDATEs set, from the texts and plans of the queries that ran."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbspecialist.engines.postgresql.query_plans import relation_of
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare

#: Words that end the list of assignments (PostgreSQL manual, "UPDATE").
_ENDS = frozenset({"from", "where", "returning"})


def columns_set(plans: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns that UPDATEs set, for relations whose rows change in those alone.

    Names are bare (see `facts.names.bare`). The engine tells which relations a query modifies and
    how; the columns stand in its text. A relation is left out where rows come or go, or where the
    text is not understood.
    """
    found: dict[str, set[str] | None] = {}
    for plan in plans:
        if '"ModifyTable"' not in plan:
            continue
        told = json.loads(plan)
        for relation, is_update in _modified(told.get("Plan", {})):
            named = _assigned(told.get("Query Text", "")) if is_update else None
            known = found.get(relation, set())
            found[relation] = None if named is None or known is None else known | named
    return {name: tuple(sorted(columns)) for name, columns in found.items() if columns}


def _modified(node: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the relations that a plan modifies, and whether it updates them only."""
    if node.get("Node Type") == "ModifyTable":
        targets = [node, *node.get("Target Tables", ())]
        for target in targets:
            if "Relation Name" in target:
                yield relation_of(target), node.get("Operation") == "Update"
    for child in node.get("Plans", ()):
        yield from _modified(child)


def _assigned(text: str) -> set[str] | None:
    """Return the columns that the UPDATEs of a text set; nothing where one is not understood.

    Those of other tables count as well: it is the query as a whole that is read.
    """
    try:
        words = list(_words(text))
    except InputError:
        return None
    found: set[str] = set()
    for place, word in enumerate(words):
        if word.lower() == "set" and _follows_update(words[:place]):
            named = _targets(words[place + 1 :])
            if named is None:
                return None
            found |= named
    return found or None


_VOID = frozenset({"space", "line_comment", "block_comment"})


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, with each sign by itself."""
    for item in tokens(text, ""):
        word = text[item.start : item.end]
        if item.kind == "other" and not word[0].isdigit():
            yield from word
        elif item.kind not in _VOID:
            yield word


def _follows_update(words: Sequence[str]) -> bool:
    """Tell whether the words end with UPDATE [ONLY] name [*] [[AS] alias]."""
    return "update" in (word.lower() for word in words[-8:])


def _targets(words: Sequence[str]) -> set[str] | None:
    """Read `a = …, (b, c) = …, d[1] = …, e.f = …` up to its end."""
    found: set[str] = set()
    depth, at_target = 0, True
    for place, word in enumerate(words):
        if at_target:
            named = _target(words[place:])
            if named is None:
                return None
            found |= named
            at_target = False
        depth += (word in _OPEN) - (word in _CLOSE)
        if depth < 0 or (depth == 0 and (word.lower() in _ENDS or word == ";")):
            break
        at_target = depth == 0 and word == ","
    return found


_OPEN, _CLOSE = frozenset("(["), frozenset(")]")


def _target(words: Sequence[str]) -> set[str] | None:
    """Read one target: a column, or a list of them in brackets."""
    if words[0] != "(":
        return {_name(words[0])} if _is_name(words[0]) else None
    end = words.index(")") if ")" in words else 0
    names = [word for word in words[1:end] if word != ","]
    return {_name(word) for word in names} if names and all(map(_is_name, names)) else None


def _is_name(word: str) -> bool:
    return word.startswith('"') or word[0].isalpha() or word[0] == "_"


def _name(word: str) -> str:
    return bare(word) if word.startswith('"') else word.lower()
