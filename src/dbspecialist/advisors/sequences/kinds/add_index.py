"""Build an index."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import build
from dbspecialist.advisors.sequences.steps import Steps
from dbspecialist.facts.request import Request, argument, flag, option


@dataclass(frozen=True)
class AddIndex(Request):
    """Build an index, beside the traffic on a large table."""

    table: str = argument("The table.")
    columns: tuple[str, ...] = argument(
        "Columns or expressions, each with its order or operator class.", metavar="COLUMN…"
    )
    unique: bool = flag("No two rows may have the same values.")
    method: str | None = option("btree, hash, gin, gist, spgist or brin.", metavar="NAME")
    where: str | None = option("Only rows that meet this are in it.")
    include: str | None = option("Columns that are kept in it besides.", metavar="COLUMNS")
    name: str | None = option("Its name.", metavar="NAME")


def steps(request: AddIndex, ground: Ground) -> Steps:
    """Return one step on a small table, and on a large one a build that stops nobody."""
    table = ground.table(request.table)
    unique = "UNIQUE " if request.unique else ""
    name = f" {ground.identifier(request.name)}" if request.name else ""
    method = f" USING {request.method}" if request.method else ""
    include = f" INCLUDE ({request.include})" if request.include else ""
    where = f" WHERE {request.where}" if request.where else ""
    listed = ", ".join(request.columns)
    written = f"CREATE {unique}INDEX{name} ON {table.name}{method} ({listed}){include}{where}"
    made = ground.made_by("index", table, written).attributes["definition"]
    wanted = made.replace(" ON ONLY ", " ON ", 1)
    phases = build(ground, table, wanted, title=f"Index {table.shown} by {listed}")
    return Steps(phases, (wanted,))
