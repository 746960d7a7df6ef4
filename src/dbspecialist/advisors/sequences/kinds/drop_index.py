"""Drop an index."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import concurrent
from dbspecialist.advisors.sequences.steps import Steps, patient, short
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class DropIndex(Request):
    """Drop an index, beside the traffic on a large table."""

    index: str = argument("The index.")


def steps(request: DropIndex, ground: Ground) -> Steps:
    """Return one step; its way back builds the index again."""
    index = ground.index(request.index)
    if "constraint" in index.attributes:
        raise InputError(
            f"{index.name} belongs to constraint {index.attributes['constraint']}",
            str(request),
            "drop the constraint",
        )
    table = ground.table(index.parent)
    wanted = f"DROP INDEX {index.name}"
    ground.try_or_refuse(wanted)
    title, definition = f"Drop index {index.name}", index.attributes["definition"]
    if table.is_small or table.is_partitioned:
        return Steps((short(title, [wanted], [definition]),), (wanted,))
    dropped = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    phase = patient(title, [dropped], [concurrent(definition)])
    return Steps((phase,), (wanted,))
