"""What each major of PostgreSQL brought: syntax, functions and settings that older ones refuse.

The lists are data: `features.toml` by hand, `functions.txt` and `settings.txt` read from servers of
14 to 18 by `benchmarks/majors_names.py`. The tests run every example on real servers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dbspecialist.engines.postgresql.majors.outline import outlines

#: The newest major that the lists know of; a server as new refuses nothing of them.
NEWEST = 18

#: undefined_function and undefined_object (manual, "PostgreSQL Error Codes").
NO_FUNCTION, NO_SETTING = "42883", "42704"

#: A name before a parenthesis that is called, and what stands before it.
_CALL = re.compile(
    r"(?:(?P<schema>[^ ]+) (?P<dot>\.) |(?P<before>[^ ]+) )?(?P<name>[A-Z_]\w*) \(\d"
)
#: Words before a name that say it is made, or is a table's, type's or column's.
_NO_CALL = frozenset(
    {"FUNCTION", "PROCEDURE", "AGGREGATE", "INTO", "TABLE", "REFERENCES", "ON", "EXISTS", "INDEX"}
)
_SETTING = re.compile(
    r"^(?:SET (?:SESSION |LOCAL )?|SHOW |RESET )(?P<own>[A-Z_]+)\b"
    r"|^(?:ALTER|CREATE) (?:OR REPLACE )?(?:ROLE|USER|DATABASE|SYSTEM|FUNCTION|PROCEDURE|ROUTINE)\b"
    r".*\bSET (?P<other>[A-Z_]+) (?:=|TO)"
)


@dataclass(frozen=True, slots=True)
class Novelty:
    """Something that servers older than `major` refuse.

    Args:
        major: The first that takes it.
        what: Its name, as a message begins.
        sqlstate: Of the refusal.
        example: A statement that has it, or "" for a name out of a list.
        taken: The SQLSTATE by which `major` refuses the example for another reason, or "".
        transaction: Whether the example runs in a transaction.
        engine: The name of a recogniser that looks at what the engine did, or "".
    """

    major: int
    what: str
    sqlstate: str
    example: str = ""
    taken: str = ""
    transaction: bool = True
    engine: str = ""


@dataclass(frozen=True, slots=True)
class OtherEffect:
    """What a statement does otherwise on majors up to `until`; see `effects.toml`."""

    until: int
    what: str
    then: str
    tokens: str
    statements: tuple[str, ...]
    partitioned: bool = False

    def is_of(self, sql: str) -> bool:
        """Tell whether a statement, or one of the body that it holds, is of this kind."""
        return any(re.search(self.tokens, text) for text in outlines(sql))


@dataclass(frozen=True, slots=True)
class _Pattern:
    novelty: Novelty
    tokens: str | None  # compiled where it is asked: no server as new as the twin asks for any
    unless: str | None

    def matches(self, text: str) -> bool:
        if self.tokens is None or not re.search(self.tokens, text):
            return False
        return self.unless is None or not re.search(self.unless, text)


def features() -> tuple[Novelty, ...]:
    """Return what is described one by one, with an example each."""
    return tuple(item.novelty for item in _patterns())


def novelties(sql: str, major: int, own: Collection[str] = ()) -> tuple[Novelty, ...]:
    """List what a statement uses that a server of a major refuses.

    Args:
        sql: One statement.
        major: Of the server that is to run it.
        own: Names of functions that the database has itself, in lower case.
    """
    if major >= NEWEST:
        return ()
    if major >= NEWEST:
        return ()
    found: dict[Novelty, None] = {}
    for text in outlines(sql):
        for pattern in _patterns():
            if pattern.novelty.major > major and pattern.matches(text):
                found[pattern.novelty] = None
        for item in (*_functions_in(text, own), *_settings_in(text)):
            if item.major > major:
                found[item] = None
    return tuple(found)


@cache
def other_effects() -> tuple[OtherEffect, ...]:
    """Return what statements do otherwise on older majors."""
    text = files(__package__).joinpath("effects.toml").read_text(encoding="utf-8")
    return tuple(OtherEffect(**item) for item in tomllib.loads(text)["effect"])


@cache
def functions() -> dict[str, int]:
    """Return the major that brought a built-in function, by its name."""
    return _listed("functions.txt")


@cache
def settings() -> dict[str, int]:
    """Return the major that brought a setting, by its name."""
    return _listed("settings.txt")


def _listed(name: str) -> dict[str, int]:
    lines = files(__package__).joinpath(name).read_text().splitlines()
    return {word: int(major) for major, word in (line.split() for line in lines)}


def _functions_in(text: str, own: Collection[str]) -> Iterator[Novelty]:
    for found in _CALL.finditer(text):
        name = found["name"].lower()
        if name not in functions() or found["before"] in _NO_CALL or name in own:
            continue
        if not found["dot"] or found["schema"] == "PG_CATALOG":
            yield Novelty(functions()[name], f"function {name}()", NO_FUNCTION)


def _settings_in(text: str) -> Iterator[Novelty]:
    found = _SETTING.search(text)
    name = (found["own"] or found["other"]).lower() if found else ""
    if name in settings():
        yield Novelty(settings()[name], f"setting {name}", NO_SETTING)


@cache
def _patterns() -> tuple[_Pattern, ...]:
    text = files(__package__).joinpath("features.toml").read_text(encoding="utf-8")
    return tuple(_pattern(item) for item in tomllib.loads(text)["feature"])


def _pattern(item: dict[str, Any]) -> _Pattern:
    tokens, unless = item.pop("tokens", None), item.pop("unless", None)
    return _Pattern(Novelty(**item), tokens or None, unless or None)
