"""Add a CHECK constraint."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.advisors.sequences.validated import in_two_steps
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument, option


@dataclass(frozen=True)
class AddCheck(Request):
    """Add a CHECK constraint, validated beside the traffic on a large table."""

    table: str = argument("The table.")
    condition: str = argument("What each row must meet, in SQL.")
    name: str | None = option("The constraint's name.", metavar="NAME")


def steps(request: AddCheck, ground: Ground) -> Steps:
    """Return one step on a small table, else the constraint and its validation."""
    table = ground.table(request.table)
    named = f"CONSTRAINT {ground.identifier(request.name)} " if request.name else ""
    written = f"ALTER TABLE {table.name} ADD {named}CHECK ({request.condition})"
    made = ground.made_by("constraint", table, written)
    name, definition = parts(made.name)[-1], made.attributes["definition"]
    wanted = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {definition}"
    title = f"Add constraint {name} to {table.shown}"
    when = f"every row meets {request.condition}"
    checks = [none_where(table.name, f"NOT ({request.condition})")]
    if table.is_small:
        dropped = f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"
        return Steps((short(title, [wanted], [dropped], when=when, checks=checks),), (wanted,))
    phases = in_two_steps(table, name, definition, title=title, when=when, checks=checks)
    return Steps(phases, (wanted,))
