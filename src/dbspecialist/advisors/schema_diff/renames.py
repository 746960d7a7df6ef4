"""Tables and columns that may have been renamed, and what was answered about them.

A catalogue cannot tell a rename from a drop and an addition, and one of the two loses rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dbspecialist.advisors.schema_diff.candidates import (
    Candidate,
    column_candidates,
    last,
    table_candidates,
)
from dbspecialist.advisors.schema_diff.likeness import Evidence
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.errors import InputError


@dataclass(frozen=True)
class Answers:
    """What was renamed, and what was not.

    Args:
        tables: By the old name the new one, or "" for a table that is dropped.
        columns: By the table's new name and the column's old name the column's new name, or "".
        rest: What an object without an answer is: dropped where it is true, else a question.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    rest: bool = False

    def reversed(self) -> Answers:
        """Return the answers for the way back, which asks nothing."""
        tables = {new: old for old, new in self.tables.items() if new}
        columns = {
            (tables.get(table, table), new): old
            for (table, old), new in self.columns.items()
            if new
        }
        return Answers(tables, columns, rest=True)

    def with_answer(self, candidate: Candidate, renamed: bool) -> Answers:
        """Return the answers with one more: the candidate is a rename, or it is not."""
        old, new = candidate.old, candidate.new
        name = last(new) if renamed else ""
        if old.kind == "table":
            return replace(self, tables={**self.tables, old.name: name})
        return replace(self, columns={**self.columns, (old.parent, last(old)): name})

    def renames(self, now: Catalogue, *, of_tables: bool) -> Iterator[tuple[SchemaObject, str]]:
        """Yield the tables or columns to rename, with their new names."""
        for item in now.of_kind("table" if of_tables else "column"):
            new = (
                self.tables.get(item.name)
                if of_tables
                else self.columns.get((item.parent, last(item)))
            )
            if new:
                yield item, new if of_tables else f"{item.parent}.{new}"


def bare(name: str) -> str:
    """Return a name as it is written where nothing has to be quoted."""
    return name.replace('"', "")


def read_answers(given: Mapping[str, str], before: Catalogue, after: Catalogue) -> Answers:
    """Understand `--rename old=new`.

    Args:
        given: By what stands before `=`, what stands behind it.
        before: The first schema, which has the old names.
        after: The second, which has the new ones.

    Raises:
        InputError: Where a name is unknown or stands for several objects.
    """
    tables: dict[str, str] = {}
    columns: dict[str, tuple[str, str]] = {}
    for old, new in given.items():
        item = _named(old, before)
        if item.kind == "table":
            tables[item.name] = _named(new, after, "table").name if new else ""
        else:
            columns[item.name] = old, new
    found = {}
    for name, (old, new) in columns.items():
        item = before.by_key["column", name]
        table = tables.get(item.parent) or item.parent
        found[table, last(item)] = _column(table, new, after, old) if new else ""
        goal = found[table, last(item)]
        _refuse_taken(f"{old}={new}", ("column", f"{table}.{last(item)}"), after, "second")
        _refuse_taken(f"{old}={new}", ("column", f"{item.parent}.{goal}"), before, "first")
    for name, new in tables.items():
        _refuse_taken(f"{name}={new}", ("table", name), after, "second")
        _refuse_taken(f"{name}={new}", ("table", new), before, "first")
    return Answers(tables, found)


def _refuse_taken(option: str, key: tuple[str, str], catalogue: Catalogue, which: str) -> None:
    """Refuse a rename from a name that is still there, or to one that was there before."""
    if key in catalogue.by_key:
        what = f"{key[0]} {key[1]} is in the {which} schema"
        raise InputError(what, f"--rename {option}", "name what is gone and what is new")


def _named(name: str, catalogue: Catalogue, *kinds: str) -> SchemaObject:
    """Find the table or column that a name stands for, with or without its schema."""
    wanted = bare(name)
    found = [
        item
        for item in catalogue.of_kind(*(kinds or ("table", "column")))
        if bare(item.name) == wanted
        or (bare(item.name).endswith(f".{wanted}") and bare(last(item)) != wanted)
        or (item.kind == "table" and bare(item.name).partition(".")[2] == wanted)
    ]
    if len(found) == 1:
        return found[0]
    what = "stands for several objects" if found else "no table or column has this name"
    names = "write schema.table" if found else "write table or table.column"
    todo = f"{names} as the {'second' if kinds else 'first'} schema has it"
    raise InputError(what, f"--rename {name}", todo)


def _column(table: str, new: str, catalogue: Catalogue, old: str) -> str:
    """Return a column's new name as the catalogue writes it."""
    wanted = bare(new).rpartition(".")[2]
    for item in catalogue.parts_of(table, "column"):
        if bare(last(item)) == wanted:
            return last(item)
    what = f"table {table} of the second schema has no column {new}"
    raise InputError(what, f"--rename {old}={new}", "write the column's new name")


def open_questions(
    before: Catalogue,
    after: Catalogue,
    answers: Answers,
    *,
    of_tables: bool,
    evidence: Evidence | None = None,
) -> list[Candidate]:
    """List the candidates that nothing was answered about.

    Args:
        before: The first schema, its tables renamed already where columns are looked for.
        after: The second.
        answers: What was answered.
        of_tables: Whether tables are looked for, or columns.
        evidence: The statistics of both.
    """
    if answers.rest:
        return []
    if of_tables:
        taken = set(answers.tables.values())
        return [
            item
            for item in table_candidates(before, after)
            if item.old.name not in answers.tables and item.new.name not in taken
        ]
    named = {(table, new) for (table, _), new in answers.columns.items()}
    return [
        item
        for item in column_candidates(before, after, evidence or Evidence())
        if (item.old.parent, last(item.old)) not in answers.columns
        and (item.new.parent, last(item.new)) not in named
    ]
