"""Indexes by their parts: read from the engine's own text of their definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbspecialist.facts.catalogue import Catalogue, SchemaObject

#: pg_get_indexdef's form (PostgreSQL source, ruleutils.c).
_DEFINITION = re.compile(
    r'CREATE (?P<unique>UNIQUE )?INDEX (?P<name>"(?:[^"]|"")+"|\S+) ON (?P<only>ONLY )?'
    r"(?P<table>.+?) USING (?P<method>\w+) \(",
    re.DOTALL,
)
#: What follows a key's expression: its collation, and then what only orders or looks it up.
_COLLATION = re.compile(r' COLLATE (?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?')
_NAME = re.compile(r'(?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?')
_COLUMN = re.compile(r'"(?:[^"]|"")+"|[a-z_][\w$]*(?!\w|\()')


@dataclass(frozen=True, slots=True)
class IndexParts:
    """An index by its parts.

    Args:
        name: Schema-qualified.
        table: Schema-qualified.
        unique: Whether it forbids repeats.
        method: Its access method.
        keys: Its keys in order, as the engine writes them (`id`, `created_at DESC`, `lower(x)`).
        rest: What follows the keys: INCLUDE, NULLS NOT DISTINCT, WITH.
        predicate: Its WHERE, or "".
        constraint: The constraint that it serves, or "".
    """

    name: str
    table: str
    unique: bool
    method: str
    keys: tuple[str, ...]
    rest: str = ""
    predicate: str = ""
    constraint: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its key columns, "" for an expression."""
        return tuple(_column(key) for key in self.keys)


def index_parts(item: SchemaObject) -> IndexParts:
    """Take an index of a catalogue apart."""
    definition = item.attributes["definition"]
    found = _DEFINITION.match(definition)
    assert found is not None, definition
    end = _closing(definition, found.end())
    predicate = item.attributes.get("predicate", "")
    rest = definition[end + 1 :].strip()
    return IndexParts(
        name=item.name,
        table=item.parent,
        unique=found["unique"] is not None,
        method=found["method"],
        keys=tuple(split_list(definition[found.end() : end])),
        rest=rest.partition("WHERE ")[0].strip() if predicate else rest,
        predicate=predicate,
        constraint=item.attributes.get("constraint", ""),
    )


def repeat_parts(item: SchemaObject, catalogue: Catalogue) -> IndexParts:
    """Take an index apart, as a unique one where its exclusion constraint forbids equal keys.

    Source: PostgreSQL manual, "CREATE TABLE", EXCLUDE: with `=` throughout it is UNIQUE's equal.
    """
    parts = index_parts(item)
    constraint = catalogue.get("constraint", parts.constraint)
    if constraint is None or constraint.attributes["type"] != "exclude":
        return parts
    definition = constraint.attributes["definition"]
    start = definition.index("(") + 1
    elements = split_list(definition[start : _closing(definition, start)])
    return replace(parts, unique=all(one.rpartition(" WITH ")[2] == "=" for one in elements))


def key_expression(key: str) -> str:
    """Return a key's expression and collation, without operator class and order."""
    found = _NAME.match(key)
    end = found.end() if found else 0
    if key[end : end + 1] == "(":
        end = _closing(key, end + 1) + 1
    collation = _COLLATION.match(key, end)
    return key[: collation.end() if collation else end]


def _column(key: str) -> str:
    found = _COLUMN.match(key)
    return found[0] if found else ""


def _closing(text: str, start: int) -> int:
    """Return the place of the parenthesis that closes one before `start`."""
    return next(end for end, char, depth in _scan(text, start) if char == ")" and depth < 0)


def split_list(text: str) -> Iterator[str]:
    """Yield the parts of a list; commas in parentheses and quotes separate none."""
    start = 0
    for place, char, depth in _scan(text, 0):
        if char == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _scan(text: str, start: int) -> Iterator[tuple[int, str, int]]:
    """Yield each character outside of quotes with the depth of parentheses after it."""
    depth, quote = 0, ""
    for place in range(start, len(text)):
        char = text[place]
        if quote:
            quote = "" if char == quote else quote
            continue
        if char in "'\"":
            quote = char
        depth += (char == "(") - (char == ")")
        yield place, char, depth
