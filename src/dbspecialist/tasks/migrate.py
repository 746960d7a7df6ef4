"""Migrations written: the one call behind `dbs migrate diff`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike

from dbspecialist.advisors.schema_diff.candidates import Candidate, last
from dbspecialist.advisors.schema_diff.renames import Answers, read_answers
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import VERSION_TABLES
from dbspecialist.facts.schema_diff import SchemaDiff
from dbspecialist.tasks.schema_road import Road
from dbspecialist.tasks.schema_source import load_both, named
from dbspecialist.twins.sides import Sides, open_sides
from dbspecialist.twins.variables import hidden_variables

#: Asked with what is gone, what is new, and a sentence about both; says whether it is a rename.
Ask = Callable[[str, str, str], bool]


@hidden_variables()
def diff(
    before: str | PathLike[str],
    after: str | PathLike[str],
    *,
    renames: Mapping[str, str] | None = None,
    ask: Ask | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> SchemaDiff:
    """Write what leads from one PostgreSQL schema to another and back, tried on a twin.

    Both are created on one throwaway server; a database is only read. The position of a column
    does not count, and owners count where both sides state them.

    Args:
        before: The schema that there is: a .sql file, a snapshot, a database URL, a folder with
            migrations, or MODULE:METADATA for SQLAlchemy models.
        after: The schema that is wanted, given likewise.
        renames: New names by old ones (`users.name` or `users`); "" for what is dropped.
        ask: Asked about each object that may have been renamed, where `renames` does not say.
        tell: Called with each step, a clause.

    Raises:
        InputError: Where a schema cannot be read, or a table or column may have been renamed and
            nobody says whether it was.
    """
    with opened_diff(before, after, renames or {}, ask, tell) as found:
        return found.diff


@dataclass(frozen=True)
class OpenedDiff:
    """A way from one schema to another, with the databases that it was tried on.

    Args:
        diff: The way there and back.
        sides: The server.
        start: The database of the first schema.
        goal: That of the second.
        answers: What was said about renames.
        named_not_null: Whether NOT NULL constraints have names on the server that it is for.
    """

    diff: SchemaDiff
    sides: Sides
    start: str
    goal: str
    answers: Answers
    named_not_null: bool = True


@contextlib.contextmanager
def opened_diff(
    before: str | PathLike[str],
    after: str | PathLike[str],
    renames: Mapping[str, str],
    ask: Ask | None = None,
    tell: Callable[[str], None] = lambda _: None,
    *,
    bookkeeping: bool = True,
) -> Iterator[OpenedDiff]:
    """Lead from one schema to another and back; the server runs as long as the block.

    Args:
        before: The schema that there is.
        after: The schema that is wanted.
        renames: New names by old ones.
        ask: Asked about each object that may have been renamed.
        tell: Called with each step, a clause.
        bookkeeping: Whether the tables of toolchains count.
    """
    with open_sides() as sides:
        start, goal = load_both(before, after, sides, tell)
        if not bookkeeping:
            drop_version_tables(sides, start, goal)
        answers = _answers(sides, start, goal, renames)
        yield walked(sides, (named(before), start), (named(after), goal), answers, ask, tell)


def walked(  # noqa: PLR0917
    sides: Sides,
    before: tuple[str, str],
    after: tuple[str, str],
    answers: Answers,
    ask: Ask | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> OpenedDiff:
    """Walk from one database to another and back; each is given by its title and its name."""
    (title, start), (other, goal) = before, after
    tell("trying the way there")
    road = Road(sides, start, goal, _asking(ask), answers)
    up = road.walk()
    tell("trying the way back")
    back = Road(sides, goal, start, _asking(None), road.answers.reversed())
    diff = SchemaDiff(title, other, up, back.walk(), tuple(sides.notes))
    return OpenedDiff(diff, sides, start, goal, road.answers, road.has_names)


def drop_version_tables(sides: Sides, *databases: str) -> None:
    """Drop the tables in which toolchains keep what has run, from copies of schemas."""
    for database in databases:
        with sides.connect(database) as connection:
            for item in read_catalogue(connection).of_kind("table", "partitioned table"):
                if item.name.rpartition(".")[2].strip('"') in VERSION_TABLES:
                    connection.execute(f"DROP TABLE {item.name} CASCADE".encode())


def _answers(sides: Sides, start: str, goal: str, renames: Mapping[str, str]) -> Answers:
    if not renames:
        return Answers()
    with sides.connect(start) as one, sides.connect(goal) as other:
        return read_answers(renames, read_catalogue(one), read_catalogue(other))


def _asking(ask: Ask | None) -> Callable[[Candidate], bool]:
    def decide(candidate: Candidate) -> bool:
        old, new = candidate.old.name, last(candidate.new)
        if ask is not None:
            return ask(old, new, candidate.question())
        raise InputError(
            candidate.question(),
            "",
            f"say --rename {old}={new} if it was renamed, --rename {old}= if it was dropped",
        )

    return decide
