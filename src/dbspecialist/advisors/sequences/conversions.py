"""Casts between two types, as the engine takes them, and the ways back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.advisors.sequences.engine import Tried
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.errors import InputError

_LITERAL = re.compile(r"'(?:[^']|'')*'::[\w .\"(),]+")
_NUMBER = re.compile(r"-?[\d.]+|NULL|true|false", re.IGNORECASE)
_LENGTH = re.compile(r"character(?: varying)?\((\d+)\)")
#: The least and greatest value of each type ("Numeric Types", PostgreSQL manual).
_BOUNDS = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}


@dataclass(frozen=True)
class Conversion:
    """How values of a column become those of another type.

    Args:
        kind: The new type, as the engine writes it.
        using: What is assigned to a column of the new type; without a cast where the engine has one
            for assignments, which refuses what an explicit one cuts off.
        back: Likewise for the way back, under the same name; nothing where there is none.
        altered: The statement that changes the column at once.
        taken_back: The statement of its way back.
        tried: What the statement does.
    """

    kind: str
    using: str
    back: str | None
    altered: str
    taken_back: str
    tried: Tried


def conversion(
    ground: Ground, table: Table, column: str, kind: str, using: str | None, *before: str
) -> Conversion:
    """Ask the engine how a column gets another type.

    Args:
        ground: The engine.
        table: The column's.
        column: Its quoted name.
        kind: The new type.
        using: The expression that is given, or nothing for the cast that there is.
        before: Statements that come before (the new type's).

    Raises:
        InputError: Where there is no cast, or the engine refuses the expression.
    """
    old = table.columns[column].attributes["type"]
    alter = f"ALTER TABLE {table.name} ALTER COLUMN {column}"
    default = table.columns[column].attributes.get("default")
    for expression in [using] if using else ["", f"{column}::{kind}", f"{column}::text::{kind}"]:
        statement = _altered(alter, kind, expression, default)
        tried = ground.engine.tried(*before, statement)
        if tried.error is None:
            back = _back(ground, (*before, statement), alter, column, old)
            taken_back = _altered(alter, old, back or "", default)
            used = expression or column
            return Conversion(kind, used, back, statement, taken_back, tried)
    assert tried.error is not None
    raise InputError(
        f"{table.name}.{column} does not become {kind}: {tried.error.message}",
        "",
        "give --using SQL" if using is None else "mend the expression",
    )


def _altered(alter: str, kind: str, using: str, default: str | None) -> str:
    """Write the statement; a default is taken away first where an expression is needed."""
    text = f"{alter} TYPE {kind}" + (f" USING {using}" if using else "")
    if not using or default is None:
        return text
    head, _, column = alter.rpartition(" ALTER COLUMN ")
    return (
        f"{head} ALTER COLUMN {column} DROP DEFAULT, {text.removeprefix(f'{head} ')},"
        f" ALTER COLUMN {column} SET DEFAULT {default_as(default, kind)}"
    )


def default_as(default: str, kind: str) -> str:
    """Return a default as a column of another type takes it: a literal without its old type."""
    if _LITERAL.fullmatch(default):
        return default.rpartition("'::")[0] + "'"
    return default if _NUMBER.fullmatch(default) else f"({default})::{kind}"


def _back(ground: Ground, done: tuple[str, ...], alter: str, column: str, old: str) -> str | None:
    probe = f"{alter} DROP DEFAULT"
    for expression in ("", f"{column}::{old}", f"{column}::text::{old}"):
        statement = f"{alter} TYPE {old}" + (f" USING {expression}" if expression else "")
        if ground.engine.tried(*done, probe, statement).error is None:
            return expression
    return None


def fits(table: Table, column: str, kind: str) -> list[str]:
    """Return the query that tells whether every value has room in a narrower type, if one is known.

    Args:
        table: The column's.
        column: Its quoted name.
        kind: The new type.
    """
    old = table.columns[column].attributes["type"]
    length = _LENGTH.fullmatch(kind)
    if length:
        return [none_where(table.name, f"length({column}::text) > {length[1]}")]
    bounds = _BOUNDS.get(kind)
    if bounds and (old in _BOUNDS or old.startswith("numeric")):
        return [none_where(table.name, f"{column} NOT BETWEEN {bounds[0]} AND {bounds[1]}")]
    return []
