"""Differences between two catalogues that a way back must not leave."""

from __future__ import annotations

from dataclasses import replace

from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject, differences
from dbspecialist.proofs.rows import is_version_table


def schema_changes(before: Catalogue, after: Catalogue) -> tuple[Difference, ...]:
    """List the differences that a way back must not leave, toolchains' own tables left out.

    Left out as well: the order of columns, which no ALTER TABLE restores, and the names of NOT NULL
    constraints, which other majors than 18 do not keep; the columns themselves say NOT NULL.
    Parts of a relation and comments come and go with what they are of.
    """
    found = [
        Difference(_compared(item.before), _compared(item.after))
        for item in differences(before, after)
    ]
    found = [item for item in found if _differs(item)]
    whole = [item.object for item in found if item.before is None or item.after is None]
    named = {f"{item.kind} {item.name}" for item in whole}
    relations = {item.name for item in whole if not item.parent}
    return tuple(
        item
        for item in found
        if item.object.parent not in relations
        and (item.object.kind != "comment" or item.object.name not in named)
    )


def _compared(item: SchemaObject | None) -> SchemaObject | None:
    """Return an object as it is compared, nothing for one that is left out."""
    if item is None:
        return None
    owner = item.attributes.get("owned_by", "").rpartition(".")[0]
    if any(is_version_table(name) for name in (item.name, item.parent, owner)):
        return None
    if item.kind == "constraint" and item.attributes.get("type") == "not null":
        return None
    if item.kind == "column" and "position" in item.attributes:
        kept = {key: text for key, text in item.attributes.items() if key != "position"}
        return replace(item, attributes=kept)
    return item


def _differs(item: Difference) -> bool:
    if item.before is None or item.after is None:
        return item.before is not item.after
    return bool(item.changed)
