"""A column of another type beside the old one, kept in step by a trigger, and put in its place.

Where the engine would write a large table anew under a lock, a new column is added, filled in
batches, and given the indexes and constraints of the old one beside the traffic; then both change
names in one short transaction. The old column stays, with its values, under another name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.advisors.sequences.backfill import fill
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.shadow import Shadow
from dbspecialist.advisors.sequences.shadow_copies import (
    Copy,
    built,
    copies_of,
    gone,
    named,
    unnamed,
)
from dbspecialist.advisors.sequences.steps import (
    LOCAL,
    NOTHING_BACK,
    Steps,
    patient,
    short,
)
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.advisors.sequences.validated import in_two_steps
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError


def replaced(shadow: Shadow) -> Steps:
    """Return the steps that put a column of another type in the place of an old one.

    Raises:
        InputError: Where the column is a key, an identity, or something needs it.
    """
    _refuse(shadow)
    table = shadow.table
    copies = copies_of(shadow)
    expand = short(
        f"Add {shadow.new} to {table.shown}, kept in step with {shadow.column}",
        [
            *shadow.before,
            f"{shadow.alter} ADD COLUMN {shadow.new} {shadow.found.kind}",
            *shadow.triggered(),
        ],
        [
            *shadow.untriggered(),
            f"{shadow.alter} DROP COLUMN {shadow.new}",
            *shadow.undone,
        ],
        when=shadow.when,
        checks=shadow.checks,
        stage="expand",
    )
    differs = f"{shadow.new} IS DISTINCT FROM ({shadow.found.using})::{shadow.found.kind}"
    backfill = patient(
        f"Fill {shadow.new} of {table.shown} in batches",
        [fill(table, f"{shadow.new} = {shadow.found.using}", differs)],
        [NOTHING_BACK],
        when=f"{shadow.new} is kept in step",
        stage="backfill",
    )
    builds = [phase for copy in copies for phase in built(shadow, copy)]
    required = _required(shadow) if shadow.is_required else ()
    swap = _swap(shadow, copies, [none_where(table.name, differs)])
    old = shadow.item.attributes["type"]
    wanted = [
        *shadow.before,
        shadow.found.altered,
        f"{shadow.alter} ADD COLUMN {shadow.old} {old}",
    ]
    if shadow.default is not None:
        wanted.append(f"{shadow.alter} ALTER COLUMN {shadow.column} SET DEFAULT {shadow.default}")
    notes = (
        f"{table.name} has {table.size} and the engine would write it anew under a lock",
        f"{shadow.old} keeps the old values; drop-column takes it away once nobody misses them",
    )
    return Steps(
        (expand, backfill, *builds, *required, swap),
        tuple(wanted),
        notes=notes,
        lasting=(f"{table.name}.{shadow.old}",),
    )


def _refuse(shadow: Shadow) -> None:
    name = f"{shadow.table.name}.{shadow.column}"
    if "identity" in shadow.item.attributes or "generated" in shadow.item.attributes:
        raise InputError(f"{name} is computed by the engine", "", "change it by hand")
    keys = [
        item
        for item in shadow.ground.catalogue.of_kind("constraint")
        if _is_key(item, shadow.table, shadow.column)
    ]
    if keys:
        raise InputError(
            f"{name} is part of {keys[0].attributes['type']} {keys[0].name}",
            "",
            "add a column of the new type and move the key to it by hand",
        )
    if shadow.item.attributes.get("default", "").startswith("nextval("):
        raise InputError(f"{name} is numbered by a sequence", "", "change it by hand")


def _is_key(item: SchemaObject, table: Table, column: str) -> bool:
    told = item.attributes
    if told.get("type") == "foreign key" and told.get("referenced") == table.name:
        return column in told.get("referenced_columns", "").split(", ")
    own = item.parent == table.name and column in told.get("columns", "").split(", ")
    return own and told.get("type") in ("primary key", "exclude")


def _required(shadow: Shadow) -> tuple[Phase, ...]:
    """Return the phases that check that the new column is filled, for SET NOT NULL to rely on."""
    return in_two_steps(
        shadow.table,
        shadow.filled,
        f"CHECK ({shadow.new} IS NOT NULL)",
        title=f"Refuse NULL in {shadow.new} of {shadow.table.shown}",
        when=f"{shadow.new} is filled",
        checks=[none_where(shadow.table.name, f"{shadow.new} IS NULL")],
    )


def _swap(shadow: Shadow, copies: Sequence[Copy], checks: Sequence[str]) -> Phase:
    """Return the phase in which both columns change names."""
    return Phase(
        f"Put {shadow.new} in the place of {shadow.column} of {shadow.table.shown}",
        (LOCAL, *_there(shadow, copies)),
        (LOCAL, *_and_back(shadow, copies)),
        when=f"every row has in {shadow.new} what it has in {shadow.column}",
        checks=tuple(checks),
        stage="contract",
    )


def _there(shadow: Shadow, copies: Sequence[Copy]) -> list[str]:
    column, alter = f"{shadow.alter} ALTER COLUMN {shadow.column}", shadow.alter
    found = [*shadow.untriggered(), *(sql for copy in copies for sql in gone(shadow, copy))]
    found += [f"{column} DROP NOT NULL"] if shadow.is_required else []
    found += [f"{column} DROP DEFAULT"] if shadow.default is not None else []
    found += [
        f"{alter} RENAME COLUMN {shadow.column} TO {shadow.old}",
        f"{alter} RENAME COLUMN {shadow.new} TO {shadow.column}",
        *(sql for copy in copies for sql in named(shadow, copy)),
    ]
    found += [f"{column} SET DEFAULT {shadow.default}"] if shadow.default is not None else []
    if shadow.is_required:
        found += [f"{column} SET NOT NULL", f"{alter} DROP CONSTRAINT {shadow.filled}"]
    return found


def _and_back(shadow: Shadow, copies: Sequence[Copy]) -> list[str]:
    column, alter = f"{shadow.alter} ALTER COLUMN {shadow.column}", shadow.alter
    check = f"{alter} ADD CONSTRAINT {shadow.filled} CHECK ({shadow.column} IS NOT NULL)"
    found = [check, f"{column} DROP NOT NULL"] if shadow.is_required else []
    found += [sql for copy in copies for sql in unnamed(shadow, copy)]
    found += [f"{column} DROP DEFAULT"] if shadow.default is not None else []
    found += [
        f"{alter} RENAME COLUMN {shadow.column} TO {shadow.new}",
        f"{alter} RENAME COLUMN {shadow.old} TO {shadow.column}",
    ]
    default = shadow.item.attributes.get("default")
    found += [f"{column} SET DEFAULT {default}"] if default is not None else []
    found += [*_filled_back(shadow), *shadow.triggered()]
    found += [f"{column} SET NOT NULL"] if shadow.is_required else []
    found += [copy.definition for copy in copies if copy.kind == "unique"]
    return [*found, *(copy.again for copy in copies)]


def _filled_back(shadow: Shadow) -> list[str]:
    """Return the statement that gives the old column what rows got since, where it can be told."""
    if shadow.found.back is None:
        return []
    back = re.sub(rf"^{re.escape(shadow.column)}(?=::)", shadow.new, shadow.found.back)
    back = back or shadow.new
    missing = f"{shadow.column} IS NULL AND {shadow.new} IS NOT NULL"
    update = f"UPDATE {shadow.table.name} SET {shadow.column} = {back} WHERE {missing}"
    return [update]
