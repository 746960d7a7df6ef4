"""Casts between two types, as the engine takes them, and the ways back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.advisors.sequences.engine import Tried
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.errors import InputError

_LITERAL = re.compile(r"'(?:[^']|'')*'::[\w .\"(),]+")
_NUMBER = re.compile(r"-?[\d.]+|NULL|true|false", re.IGNORECASE)


@dataclass(frozen=True)
class Conversion:
    """How values of a column become those of another type.

    Args:
        kind: The new type, as the engine writes it.
        using: The expression that makes a new value of an old one.
        back: The expression that makes an old value of a new one, under the same name; "" where
            the engine has none.
        altered: The statement that changes the column at once.
        taken_back: The statement of its way back.
        tried: What the statement does.
    """

    kind: str
    using: str
    back: str
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
            taken_back = _altered(alter, old, back, default)
            used = expression or f"{column}::{kind}"
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


def _back(ground: Ground, done: tuple[str, ...], alter: str, column: str, old: str) -> str:
    for expression in (f"{column}::{old}", f"{column}::text::{old}"):
        probe = f"{alter} DROP DEFAULT"
        statement = f"{alter} TYPE {old} USING {expression}"
        if ground.engine.tried(*done, probe, statement).error is None:
            return expression
    return ""
