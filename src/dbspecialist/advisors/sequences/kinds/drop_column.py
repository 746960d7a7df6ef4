"""Drop a column."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences import dropped
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import Steps
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class DropColumn(Request):
    """Drop a column that no code uses any more; its values are kept in a table beside it."""

    table: str = argument("The table.")
    column: str = argument("The column.")


def steps(request: DropColumn, ground: Ground) -> Steps:
    """Return the step that keeps the values, and the one that drops the column."""
    table = ground.table(request.table)
    return dropped.drop(ground, table, ground.column(table, request.column))
