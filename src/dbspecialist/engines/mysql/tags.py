"""Tags: the command of a statement, from its first words."""

from __future__ import annotations

from dbspecialist.engines.mysql.tokens import words

DML = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH"})

_OF_TWO = frozenset({"alter", "create", "drop", "rename", "truncate", "lock", "optimize", "start"})

_MODIFIERS = frozenset(
    {"online", "ignore", "or", "replace", "unique", "fulltext", "spatial", "temporary"}
)


def tag_of(sql: str) -> str:
    """Return a statement's command, as far as its first words tell it."""
    found = [word for word in words(sql, 6) if word not in _MODIFIERS]
    if found[:1] and found[0] in _OF_TWO:
        return " ".join(found[:2]).upper()
    return found[0].upper() if found else ""
