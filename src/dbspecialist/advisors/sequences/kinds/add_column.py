"""Add a column to a table."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.backfill import fill
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import has_default
from dbspecialist.advisors.sequences.required import require
from dbspecialist.advisors.sequences.steps import NOTHING_BACK, Steps, patient, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument, flag, option


@dataclass(frozen=True)
class AddColumn(Request):
    """Add a column; one whose default differs by row is filled in batches on a large table."""

    table: str = argument("The table.")
    column: str = argument("The new column.")
    type: str = argument("Its type.")
    default: str | None = option("Its default, which old rows get too.")
    not_null: bool = flag("It refuses NULL.")


def steps(request: AddColumn, ground: Ground) -> Steps:
    """Return one step where the engine writes no row for it or the table is small."""
    table = ground.table(request.table)
    column, kind = ground.new_column(table, request.column), ground.type(request.type)
    if request.not_null and request.default is None and not table.is_new:
        raise InputError(
            f"{table.name} has rows, which would hold NULL in {column}",
            "--not-null",
            "give --default too, or add the column first and fill it",
        )
    added = f"ALTER TABLE {table.name} ADD COLUMN {column} {kind}"
    default = "" if request.default is None else f" DEFAULT {request.default}"
    wanted = added + default + (" NOT NULL" if request.not_null else "")
    tried = ground.try_or_refuse(wanted)
    notes = ground.quoted_note(column)
    if table.is_small or not tried.rewrites:
        dropped = f"ALTER TABLE {table.name} DROP COLUMN {column}"
        phase = short(f"Add column {column} to {table.shown}", [wanted], [dropped], stage="expand")
        return Steps((phase,), (wanted,), notes=notes)
    note = f"{table.name} has {table.size} and the default differs by row: rows are filled"
    phases = _filled(table, column, added, str(request.default))
    if request.not_null:
        phases += require(ground, table, column)
    return Steps(phases, (wanted,), notes=(*notes, note))


def _filled(table: Table, column: str, added: str, default: str) -> tuple[Phase, ...]:
    """Add the column empty, let new rows have the default, and fill the old ones in batches."""
    alter = f"ALTER TABLE {table.name}"
    expand = [added, f"{alter} ALTER COLUMN {column} SET DEFAULT {default}"]
    missing = f"{column} IS NULL"
    return (
        short(
            f"Add column {column} to {table.shown}",
            expand,
            [f"{alter} DROP COLUMN {column}"],
            stage="expand",
        ),
        patient(
            f"Fill column {column} of {table.shown} in batches",
            [fill(table, f"{column} = {default}", missing)],
            [NOTHING_BACK],
            when=f"column {column} is there and new rows get its default",
            checks=[has_default(table, column)],
            stage="backfill",
        ),
    )
