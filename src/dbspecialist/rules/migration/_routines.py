"""Functions of the database that name what a migration takes away: their bodies are text to it.

PostgreSQL keeps no dependencies of a body that is a string (PostgreSQL manual, "Dependency
Tracking"): DROP and RENAME pass, and the next call fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.names import bare, last, parts
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or procedure whose body has a name as a word.

    Args:
        name: The function with its argument types.
        word: The name.
        triggers: The triggers that run it.
    """

    name: str
    word: str
    triggers: tuple[str, ...]

    @property
    def text(self) -> str:
        """What a message says of it."""
        if not self.triggers:
            return f"function {self.name} names it"
        return f"function {self.name} names it, which trigger {self.triggers[0]} runs"

    @property
    def proof(self) -> Proof:
        """What is known of its calls."""
        basis = f"its body has the word {self.word}; no call of it was run"
        return Proof(f"{self.name} works after the migration", "unchecked", basis)


def naming_table(run: Run, table: str) -> tuple[Routine, ...]:
    """Return the routines at the end of a run that name a table, those of triggers first."""
    end = run.trials[-1].after
    return _sorted(
        Routine(name, bare(last(table)), _triggers(end, name))
        for name, body in _bodies(end, bare(last(table)))
        if _names_table(body, table)
    )


def naming_column(run: Run, table: str, column: str) -> tuple[Routine, ...]:
    """Return the routines that name a column and its table, or that are run by its triggers."""
    end, word = run.trials[-1].after, bare(column)
    return _sorted(
        Routine(name, word, _triggers(end, name))
        for name, body in _bodies(end, word)
        if _word(word).search(body) and (_names_table(body, table) or _triggers(end, name, table))
    )


def _sorted(found: Iterator[Routine]) -> tuple[Routine, ...]:
    return tuple(sorted(found, key=lambda item: (not item.triggers, item.name)))


def _bodies(catalogue: Catalogue, word: str) -> Iterator[tuple[str, str]]:
    """Yield routines with their bodies that may have a word, without their comments.

    Bodies that are no strings have dependencies of their own.
    """
    for item in catalogue.of_kind("function", "procedure"):
        _, found, body = item.attributes.get("definition", "").partition("\nAS ")
        if found and word.lower() in body.lower():
            yield item.name, _COMMENT.sub(" ", body)


def _names_table(body: str, table: str) -> bool:
    """Tell whether a body has a table's name, alone or behind its schema."""
    schema = [bare(name).lower() for name in parts(table)][:-1]
    found = _word(bare(last(table))).finditer(body)
    return any(not item["of"] or [item["of"].lower()] == schema for item in found)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(
        rf'(?:(?<![\w$])(?P<of>[\w$]+)"?\s*\.\s*"?)?(?<![\w$]){re.escape(name)}(?![\w$])',
        re.IGNORECASE,
    )


def _triggers(catalogue: Catalogue, routine: str, table: str = "") -> tuple[str, ...]:
    """Return the triggers that run a routine, of one table where it is given."""
    return tuple(
        item.name
        for item in catalogue.of_kind("trigger")
        if item.attributes.get("function") == routine
        and table in ("", item.parent)
        and item.attributes.get("enabled") != "disabled"
    )


def is_run(routines: Sequence[Routine]) -> bool:
    """Tell whether a trigger runs one of them: writes of its table then fail."""
    return any(item.triggers for item in routines)
