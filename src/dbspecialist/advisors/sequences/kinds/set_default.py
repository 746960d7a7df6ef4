"""Give a column another default, or none."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument, flag, option


@dataclass(frozen=True)
class SetDefault(Request):
    """Give a column another default for new rows, or none."""

    table: str = argument("The table.")
    column: str = argument("The column.")
    default: str | None = option("The default.")
    none: bool = flag("The column has none.")


def steps(request: SetDefault, ground: Ground) -> Steps:
    """Return one short step; rows that are there stay as they are."""
    if (request.default is None) != request.none:
        raise InputError("what is the default?", str(request), "say --default SQL or --none")
    table = ground.table(request.table)
    column = ground.column(table, request.column)
    alter = f"ALTER TABLE {table.name} ALTER COLUMN {column}"
    before = table.columns[column].attributes.get("default")
    wanted = _set(alter, request.default)
    if not ground.changed_by(wanted):
        raise InputError(f"{table.name}.{column} has that default already", "", "leave it out")
    title = f"Set the default of {column} of {table.shown}"
    return Steps((short(title, [wanted], [_set(alter, before)]),), (wanted,))


def _set(alter: str, default: str | None) -> str:
    return f"{alter} DROP DEFAULT" if default is None else f"{alter} SET DEFAULT {default}"
