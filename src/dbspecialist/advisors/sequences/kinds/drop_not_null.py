"""Let a column take NULL."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class DropNotNull(Request):
    """Let a column take NULL."""

    table: str = argument("The table.")
    column: str = argument("The column.")


def steps(request: DropNotNull, ground: Ground) -> Steps:
    """Return one short step."""
    table = ground.table(request.table)
    column = ground.column(table, request.column)
    if table.columns[column].attributes.get("not_null") != "true":
        raise InputError(f"{table.name}.{column} takes NULL already", "", "leave it out")
    alter = f"ALTER TABLE {table.name} ALTER COLUMN {column}"
    wanted = f"{alter} DROP NOT NULL"
    ground.try_or_refuse(wanted)
    phase = short(f"Let {column} of {table.shown} take NULL", [wanted], [f"{alter} SET NOT NULL"])
    note = f"the way back fails where a row has NULL in {column} by then"
    return Steps((phase,), (wanted,), notes=(note,))
