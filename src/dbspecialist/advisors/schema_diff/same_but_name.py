"""Objects that are the same but for their name, which a rename makes equal at no cost.

Nobody is asked about these: what is dropped and made anew would be the same, only slower, and a
sequence would begin again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbspecialist.engines.postgresql.ddl.words import names, own_name, part, schema
from dbspecialist.facts.catalogue import Catalogue, SchemaObject

_TYPES = ("enum", "domain", "composite type", "range")


def renamed(
    before: Catalogue, after: Catalogue, *, named_not_null: bool = True
) -> Iterator[tuple[SchemaObject, str]]:
    """Yield objects of the first schema with the names that they have in the second.

    Args:
        before: The first schema.
        after: The second.
        named_not_null: Whether NOT NULL constraints have names, as they have since PostgreSQL 18.
    """
    for kinds in (_TYPES, ("sequence",), ("constraint",), ("index",)):
        added = {item.key: item for item in after.of_kind(*kinds) if item.key not in before.by_key}
        for old in before.of_kind(*kinds):
            if old.key in after.by_key or not _is_renamable(old):
                continue
            wanted = _likeness(old, before)
            for new in added.values():
                if new.kind == old.kind and _likeness(new, after) == wanted:
                    del added[new.key]
                    yield old, new.name
                    break
    if named_not_null:
        yield from _named_not_null(before, after)


def _is_renamable(item: SchemaObject) -> bool:
    """Whether the object is renamed by itself, and its rows or its building are worth it."""
    have = item.attributes
    if item.kind == "sequence":
        return "owned_by" in have
    if item.kind == "index":
        return "constraint" not in have
    return item.kind != "constraint" or ("inherited" not in have and have["type"] != "not null")


def _likeness(item: SchemaObject, catalogue: Catalogue) -> Mapping[str, object]:
    """Return everything about an object but its name."""
    have: dict[str, object] = {
        name: text for name, text in item.attributes.items() if name not in {"index", "valid"}
    }
    if item.kind == "index":
        name = f"INDEX {names(item.name)[-1]} ON"
        have["definition"] = item.attributes["definition"].replace(name, "INDEX ON", 1)
        have["schema"] = schema(item.name)
    if item.kind == "composite type":
        have["columns"] = [
            (part(one), dict(one.attributes)) for one in catalogue.parts_of(item.name, "column")
        ]
    if item.kind in {"constraint", "index"}:
        have["parent"] = item.parent
    return have


def _named_not_null(before: Catalogue, after: Catalogue) -> Iterator[tuple[SchemaObject, str]]:
    """Yield NOT NULL constraints (18) that have the engine's own name on the other side."""
    for item in before.of_kind("constraint"):
        have = item.attributes
        if have["type"] != "not null" or item.key in after.by_key or _is_fixed(have):
            continue
        column = after.get("column", f"{item.parent}.{have['columns']}")
        if column is None or column.attributes["not_null"] != "true":
            continue
        others = [
            one
            for one in after.parts_of(item.parent, "constraint")
            if one.attributes["type"] == "not null" and one.attributes["columns"] == have["columns"]
        ]
        yield (
            item,
            others[0].name if others else f"{item.parent}.{own_name(item.parent, have['columns'])}",
        )
    for item in after.of_kind("constraint"):
        have = item.attributes
        column = before.get("column", f"{item.parent}.{have.get('columns')}")
        if have["type"] != "not null" or item.key in before.by_key or column is None:
            continue
        there = column.attributes["not_null"] == "true" and not _has_named(before, item)
        if there and "valid" not in have and not _has_parents(before, item.parent):
            current = SchemaObject(
                "constraint", f"{item.parent}.{own_name(item.parent, have['columns'])}", item.parent
            )
            yield current, item.name


def _is_fixed(have: Mapping[str, str]) -> bool:
    """Whether a constraint was never checked, or is named as the parent's."""
    return "valid" in have or "inherited" in have


def _has_parents(catalogue: Catalogue, table: str) -> bool:
    """Whether a table takes names of constraints from a parent."""
    item = catalogue.get("table", table)
    return catalogue.get("partition", table) is not None or (
        item is not None and "inherits" in item.attributes
    )


def _has_named(catalogue: Catalogue, item: SchemaObject) -> bool:
    return any(
        one.attributes["type"] == "not null"
        and one.attributes["columns"] == item.attributes["columns"]
        for one in catalogue.parts_of(item.parent, "constraint")
    )
