"""Make a column of an enum one of text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.kinds import change_type
from dbspecialist.advisors.sequences.steps import Steps
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument, option


@dataclass(frozen=True)
class FromEnum(Request):
    """Make a column of an enum one of text, in a column beside it on a large table."""

    table: str = argument("The table.")
    column: str = argument("The column.")
    type: str | None = option("The new type instead of text.", metavar="TYPE")


def steps(request: FromEnum, ground: Ground) -> Steps:
    """Return the change of type; the enum stays, since the way back needs it."""
    table = ground.table(request.table)
    column = ground.column(table, request.column)
    kind = table.columns[column].attributes["type"]
    if ground.catalogue.get("enum", kind) is None:
        raise InputError(f"{table.name}.{column} is {kind}, which is no enum", "", "leave it out")
    wanted = change_type.ChangeType(table.name, column, request.type or "text")
    found = change_type.steps(wanted, ground)
    note = f"type {kind} stays; DROP TYPE {kind} once no column has it"
    return replace(found, notes=(*found.notes, note))
