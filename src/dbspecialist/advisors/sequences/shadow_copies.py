"""Indexes and constraints of a column, made on the one beside it, and their change of names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbspecialist.advisors.sequences import indexes
from dbspecialist.advisors.sequences.shadow import Shadow
from dbspecialist.advisors.sequences.validated import in_two_steps
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import bare, parts


@dataclass(frozen=True)
class Copy:
    """An index or constraint of the old column, and the same on the new one."""

    name: str
    meanwhile: str
    definition: str
    again: str
    kind: str


def copies_of(shadow: Shadow) -> list[Copy]:
    """Ask the engine what indexes and constraints of the column are on the new one."""
    table = shadow.table
    renamed = f"{shadow.alter} RENAME COLUMN {shadow.column} TO {shadow.new}"
    tried = shadow.ground.try_or_refuse(*shadow.before, shadow.found.altered, renamed, read=True)
    assert tried.after is not None
    return [
        _copy(shadow, item, tried.after)
        for item in tried.after.parts_of(table.name, "index", "constraint")
        if _holds(item, shadow.new) and "constraint" not in item.attributes
    ]


def _holds(item: SchemaObject, column: str) -> bool:
    return item.attributes.get("type") != "not null" and bool(
        re.search(rf"(?<![\w\"]){re.escape(column)}(?![\w\"])", item.attributes["definition"])
    )


def _copy(shadow: Shadow, item: SchemaObject, after: Catalogue) -> Copy:
    name = parts(item.name)[-1]
    meanwhile = shadow.ground.free(f"{bare(name)}_new")
    before = shadow.ground.catalogue.by_key[item.key]
    if item.kind == "index":
        definition = item.attributes["definition"].replace(f" {name} ON ", f" {meanwhile} ON ", 1)
        return Copy(name, meanwhile, definition, before.create, "index")
    kind = item.attributes["type"]
    definition = item.attributes["definition"]
    if kind == "unique":
        index = after.by_key["index", item.attributes["index"]].attributes["definition"]
        definition = index.replace(f" {name} ON ", f" {meanwhile} ON ", 1)
    return Copy(name, meanwhile, definition, before.create, kind)


def built(shadow: Shadow, copy: Copy) -> tuple[Phase, ...]:
    """Return the phases that give the new column one index or constraint."""
    table = shadow.table
    title = f"Make {copy.meanwhile} on {shadow.new} of {table.shown}"
    if copy.kind in ("index", "unique"):
        name = f"{table.schema}.{copy.meanwhile}"
        return (indexes.built(shadow.ground, name, copy.definition, title=title),)
    definition = copy.definition.removesuffix(" NOT VALID")
    when = f"{shadow.new} is filled"
    return in_two_steps(table, copy.meanwhile, definition, title=title, when=when, checks=())


def gone(shadow: Shadow, copy: Copy) -> list[str]:
    """Return the statements that drop the old one."""
    if copy.kind == "index":
        return [f"DROP INDEX {shadow.table.schema}.{copy.name}"]
    return [f"{shadow.alter} DROP CONSTRAINT {copy.name}"]


def named(shadow: Shadow, copy: Copy) -> list[str]:
    """Return the statements that give the new one its name."""
    if copy.kind == "index":
        return [f"ALTER INDEX {shadow.table.schema}.{copy.meanwhile} RENAME TO {copy.name}"]
    if copy.kind == "unique":
        added = f"ADD CONSTRAINT {copy.name} UNIQUE USING INDEX {copy.meanwhile}"
        return [f"{shadow.alter} {added}"]
    return [f"{shadow.alter} RENAME CONSTRAINT {copy.meanwhile} TO {copy.name}"]


def unnamed(shadow: Shadow, copy: Copy) -> list[str]:
    """Return the statements that give it its name of meanwhile again."""
    if copy.kind == "index":
        return [f"ALTER INDEX {shadow.table.schema}.{copy.name} RENAME TO {copy.meanwhile}"]
    if copy.kind == "unique":
        return [f"{shadow.alter} DROP CONSTRAINT {copy.name}"]
    return [f"{shadow.alter} RENAME CONSTRAINT {copy.name} TO {copy.meanwhile}"]
