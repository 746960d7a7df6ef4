"""Add a UNIQUE constraint."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import (
    attached_constraint,
    build,
    concurrent,
    index_name,
)
from dbspecialist.advisors.sequences.queries import no_duplicates
from dbspecialist.advisors.sequences.steps import LIMITED, Steps, patient, short
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument, flag, option


@dataclass(frozen=True)
class AddUnique(Request):
    """Add a UNIQUE constraint, on a large table with an index that is built beside the traffic."""

    table: str = argument("The table.")
    columns: str = argument("Its columns, with commas between.")
    nulls_not_distinct: bool = flag("Two rows with NULL are the same.")
    name: str | None = option("The constraint's name.", metavar="NAME")


def steps(request: AddUnique, ground: Ground) -> Steps:
    """Return one step on a small table, else the index's build and the constraint on it."""
    table = ground.table(request.table)
    columns = ground.columns(table, request.columns)
    named = f"CONSTRAINT {ground.identifier(request.name)} " if request.name else ""
    nulls = " NULLS NOT DISTINCT" if request.nulls_not_distinct else ""
    written = f"ALTER TABLE {table.name} ADD {named}UNIQUE{nulls} ({', '.join(columns)})"
    name = parts(ground.made_by("constraint", table, written).name)[-1]
    definition = ground.made_by("index", table, written).attributes["definition"]
    wanted = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} UNIQUE{nulls} ({', '.join(columns)})"
    dropped = f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"
    title, checks = f"Add constraint {name} to {table.shown}", [no_duplicates(table.name, columns)]
    if table.is_small or table.is_partitioned:
        return Steps((short(title, [wanted], [dropped], checks=checks),), (wanted,))
    index = index_name(definition)
    if ground.one_message:
        built = build(ground, table, definition, title=f"Index {table.shown} for {name}")
        using = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} UNIQUE USING INDEX {index}"
        alike = f"no two rows have the same {', '.join(columns)}"
        stated = short(title, [using], [dropped, definition])
        first = replace(built[0], when=alike, checks=(*built[0].checks, *checks))
        return Steps((first, stated), (wanted,))
    left = f"DROP INDEX CONCURRENTLY IF EXISTS {table.schema}.{index}"
    phase = patient(
        title,
        [left, concurrent(definition), *attached_constraint(table, name, "UNIQUE", index)],
        [LIMITED, dropped],
        when=f"no two rows have the same {', '.join(columns)}",
        checks=checks,
    )
    return Steps((phase,), (wanted,))
