"""Create a table."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class CreateTable(Request):
    """Create a table of columns and constraints."""

    table: str = argument("Its name.")
    columns: tuple[str, ...] = argument(
        'Columns and constraints as CREATE TABLE has them ("id bigint PRIMARY KEY").',
        metavar="COLUMN…",
    )


def steps(request: CreateTable, ground: Ground) -> Steps:
    """Return one step."""
    name = ground.new_relation(request.table)
    listed = ",\n    ".join(item.strip() for item in request.columns)
    wanted = f"CREATE TABLE {name} (\n    {listed}\n)"
    ground.try_or_refuse(wanted)
    phase = short(
        f"Create table {name.removeprefix('public.')}",
        [wanted],
        [f"DROP TABLE {name}"],
        stage="expand",
    )
    return Steps((phase,), (wanted,), notes=ground.quoted_note(parts(name)[-1]))
