"""Change a column's type."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.conversions import conversion, fits
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.replacing import replaced
from dbspecialist.advisors.sequences.shadow import Shadow
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument, option


@dataclass(frozen=True)
class ChangeType(Request):
    """Change a column's type, in a column beside it where the engine would write all rows anew."""

    table: str = argument("The table.")
    column: str = argument("The column.")
    type: str = argument("The new type.")
    using: str | None = option("What makes a new value of an old one.")


def steps(request: ChangeType, ground: Ground) -> Steps:
    """Return one step where no row is read or written, or the table is small."""
    table = ground.table(request.table)
    column, kind = ground.column(table, request.column), ground.type(request.type)
    if table.columns[column].attributes["type"] == kind:
        raise InputError(f"{table.name}.{column} is {kind} already", "", "leave it out")
    found = conversion(ground, table, column, kind, request.using)
    works = bool(found.tried.rewrites or found.tried.scans)
    checks = fits(table, column, kind) if works and not request.using else []
    when = f"every value of {column} has room in {kind}" if checks else ""
    if works and not table.is_small:
        return replaced(Shadow(ground, table, column, found, when=when, checks=checks))
    title, up = f"Change {column} of {table.shown} to {kind}", [found.altered]
    phase = short(title, up, [found.taken_back], when=when, checks=checks)
    return Steps((phase,), (found.altered,))
