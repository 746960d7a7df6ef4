"""Sequences that a run makes for columns that have values, or sets back, and where they go on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import NAME, bare, parts
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import changed_columns

_NEXTVAL = re.compile(r"nextval\('(?P<name>.+)'::regclass\)")
#: The engine keeps no trace of a number that is set where the twin has none: these are the words.
_SETVAL = re.compile(
    r"\bsetval\s*\(\s*'(?P<name>[^']+)'(?:::\w+)?\s*,\s*(?P<value>\d+)\s*(?:,\s*(?P<called>\w+)\s*)?\)",
    re.IGNORECASE,
)
_RESTART = re.compile(
    r"\brestart\b(?P<computed>\s+with\b(?!\s*\d))?(?:\s+with)?\s*(?P<value>\d+)?", re.IGNORECASE
)
_COLUMN = re.compile(
    rf"\balter\s+(?:column\s+)?(?P<column>{NAME})\s+restart\b(?:\s+with)?\s*(?P<value>\d+)?",
    re.IGNORECASE,
)
_SETS = re.compile(r"\b(?:setval|restart)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numbering:
    """The number that a column's sequence goes on with.

    Args:
        trial: The migration's.
        statement: It makes the sequence, or sets it.
        sequence: Its name.
        column: The column that takes its numbers from it.
        value: The next number.
    """

    trial: Trial
    statement: StatementEffects
    sequence: str
    column: SchemaObject
    value: int


def numberings(run: Run) -> tuple[Numbering, ...]:
    """Return the last that a run says of each column's sequence, where its number is told.

    A number that a query computes is told by nothing here: it is taken to be right. So is one that
    code sets which reads the column's table: it goes by rows that the twin does not have.
    """
    found: dict[str, Numbering] = {}
    for trial in run.trials:
        for index, statement in enumerate(trial.statements):
            told = [*_made(trial, statement), *_set(trial, statement)]
            if not told and _SETS.search(statement.sql):
                found.clear()
            found |= {item.column.name: item for item in told}
            for name in _by_rows(trial, index, found):
                del found[name]
    return tuple(found.values())


def _by_rows(trial: Trial, index: int, found: dict[str, Numbering]) -> list[str]:
    """Return the columns whose sequences a statement sets, or may set, by rows that code reads."""
    statement = trial.statements[index]
    inner = {name for one in trial.readings if one.index == index for name in one.relations}
    outer = {
        name
        for one in trial.readings
        if one.client and one.index <= index
        for name in one.relations
    }
    sets = _SETS.search(statement.sql)
    if not sets and "DO" in statement.tags:  # its whole text is there, and sets nothing
        inner = set()
    read = inner | (outer if sets else set())
    return [name for name, item in found.items() if item.column.parent in read]


def _made(trial: Trial, statement: StatementEffects) -> Iterator[Numbering]:
    for item in changed_columns(trial, "identity", "default"):
        if item.statement is not statement or item.before is None:
            continue
        sequence = _sequence_of(trial.after, item.column)
        if sequence is None:
            continue
        is_new = "identity" in item.column.attributes and "identity" not in item.before.attributes
        if is_new or _is_made(trial, statement, sequence.name):
            yield from _at_start(trial, statement, sequence, item.column)


def _is_made(trial: Trial, statement: StatementEffects, name: str) -> bool:
    earlier = trial.statements[: trial.place(statement) + 1]
    return any(("CREATE SEQUENCE", "sequence", name) in item.creates for item in earlier)


def _at_start(
    trial: Trial, statement: StatementEffects, sequence: SchemaObject, column: SchemaObject
) -> Iterator[Numbering]:
    if not sequence.attributes.get("increment", "1").startswith("-"):
        value = int(sequence.attributes.get("start", "1"))
        yield Numbering(trial, statement, sequence.name, column, value)


def _set(trial: Trial, statement: StatementEffects) -> Iterator[Numbering]:
    """Yield the numbers that setval() and RESTART set by a literal, or by the start."""
    for tag, _, name in statement.creates:
        text = statement.sql
        if tag == "ALTER SEQUENCE" and (found := _RESTART.search(text)) and not found["computed"]:
            yield from _restarted(trial, statement, name, found["value"])
        elif tag == "ALTER TABLE":
            for found in _COLUMN.finditer(text):
                column = trial.after.get("column", f"{name}.{found['column']}")
                sequence = _sequence_of(trial.after, column) if column else None
                if sequence is not None:
                    yield from _restarted(trial, statement, sequence.name, found["value"])
    for found in _SETVAL.finditer(statement.sql):
        value = int(found["value"]) + ((found["called"] or "true").lower() != "false")
        for sequence in trial.after.of_kind("sequence"):
            if _is_named(sequence.name, found["name"]):
                yield from _restarted(trial, statement, sequence.name, str(value))


def _restarted(
    trial: Trial, statement: StatementEffects, name: str, value: str | None
) -> Iterator[Numbering]:
    sequence = trial.after.get("sequence", name)
    for column in trial.after.of_kind("column") if sequence else ():
        if _sequence_of(trial.after, column) is not sequence or sequence is None:
            continue
        for item in _at_start(trial, statement, sequence, column):
            yield Numbering(trial, statement, name, column, int(value) if value else item.value)


def _is_named(sequence: str, name: str) -> bool:
    told, own = [bare(item) for item in parts(name)], [bare(item) for item in parts(sequence)]
    return own[-len(told) :] == told


def _sequence_of(catalogue: Catalogue, column: SchemaObject) -> SchemaObject | None:
    """Return the sequence that numbers a column: its identity's, or the one of its default."""
    if "identity" in column.attributes:
        owned = catalogue.of_kind("sequence")
        return next((one for one in owned if one.attributes.get("owned_by") == column.name), None)
    found = _NEXTVAL.fullmatch(column.attributes.get("default", ""))
    name = found["name"].replace("''", "'") if found else ""
    return catalogue.get("sequence", name) if name else None
