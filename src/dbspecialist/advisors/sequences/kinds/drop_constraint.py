"""Drop a constraint."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import attached_constraint, concurrent
from dbspecialist.advisors.sequences.steps import LIMITED, Steps, patient, short, stepwise
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class DropConstraint(Request):
    """Drop a constraint; the way back adds it without a long lock."""

    table: str = argument("The table.")
    name: str = argument("The constraint.")


def steps(request: DropConstraint, ground: Ground) -> Steps:
    """Return one short step."""
    table = ground.table(request.table)
    found = ground.constraint(table, request.name)
    name, definition = parts(found.name)[-1], found.attributes["definition"]
    wanted = f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"
    ground.try_or_refuse(wanted)
    title = f"Drop constraint {name} of {table.shown}"
    added = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {definition}"
    if table.is_small or table.is_partitioned or ground.one_message:
        return Steps((short(title, [wanted], [added], stage="contract"),), (wanted,))
    if found.attributes["type"] in ("primary key", "unique"):
        return Steps((_with_index(ground, table, found, wanted),), (wanted,))
    if definition.endswith("NOT VALID") or found.attributes["type"] not in ("check", "foreign key"):
        return Steps((short(title, [wanted], [added], stage="contract"),), (wanted,))
    back = [f"{added} NOT VALID", f"ALTER TABLE {table.name} VALIDATE CONSTRAINT {name}"]
    return Steps((stepwise(title, [wanted], back, stage="contract"),), (wanted,))


def _with_index(ground: Ground, table: Table, found: SchemaObject, wanted: str) -> Phase:
    """Return the phase of a key: its way back builds the index beside the traffic first."""
    name = parts(found.name)[-1]
    index = ground.catalogue.by_key["index", found.attributes["index"]]
    kind = "PRIMARY KEY" if found.attributes["type"] == "primary key" else "UNIQUE"
    built = concurrent(index.attributes["definition"])
    down = [built, *attached_constraint(table, name, kind, parts(index.name)[-1])]
    title = f"Drop constraint {name} of {table.shown}"
    return patient(title, [LIMITED, wanted], down, stage="contract")
