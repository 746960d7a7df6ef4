"""Add a label to an enum."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences import lookup
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import literal
from dbspecialist.advisors.sequences.steps import Steps, patient
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument, option


@dataclass(frozen=True)
class AddEnumValue(Request):
    """Add a label to an enum; the way back makes the type again and writes its columns anew."""

    type: str = argument("The enum.")
    label: str = argument("The new label.")
    before: str | None = option("The label that it comes before.", metavar="LABEL")
    after: str | None = option("The label that it comes after.", metavar="LABEL")


def steps(request: AddEnumValue, ground: Ground) -> Steps:
    """Return one step, outside of a transaction that could use the label."""
    found = lookup.relation(ground.catalogue, request.type, ("enum",), "enum")
    if request.before and request.after:
        raise InputError("--before and --after are two places", str(request), "say one of them")
    place = ""
    for word, label in (("BEFORE", request.before), ("AFTER", request.after)):
        place += f" {word} '{literal(label)}'" if label else ""
    wanted = f"ALTER TYPE {found.name} ADD VALUE '{literal(request.label)}'{place}"
    ground.try_or_refuse(wanted)
    title = f"Add {request.label} to {found.name.removeprefix('public.')}"
    phase = patient(title, [wanted], _back(ground, found), stage="expand")
    note = f"the way back fails where a row has {request.label}, and writes tables anew"
    return Steps((phase,), (wanted,), notes=(note,))


def _back(ground: Ground, found: SchemaObject) -> list[str]:
    """Return the statements that make the type without the label: no value of one is dropped."""
    own = parts(found.name)[-1]
    schema, aside = parts(found.name)[0], ground.free(f"{own}_with_label")
    statements = [
        f"ALTER TYPE {found.name} RENAME TO {aside}",
        f"CREATE TYPE {found.name} AS ENUM ({found.attributes['labels']})",
    ]
    for column in ground.catalogue.of_kind("column"):
        if column.attributes.get("type") == found.name and column.attributes.get("local") is None:
            statements += _moved(column, found.name)
    return [*statements, f"DROP TYPE {schema}.{aside}"]


def _moved(column: SchemaObject, kind: str) -> list[str]:
    name = column.name.removeprefix(f"{column.parent}.")
    alter = f"ALTER TABLE {column.parent} ALTER COLUMN {name}"
    moved = f"{alter} TYPE {kind} USING {name}::text::{kind}"
    default = column.attributes.get("default")
    if default is None:
        return [moved]
    return [f"{alter} DROP DEFAULT", moved, f"{alter} SET DEFAULT {default}"]
