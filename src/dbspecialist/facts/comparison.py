"""What of two catalogues is compared when one is to become the other.

The position of a column does not count: a column added to a table stands last, whatever the file
says. Owners count where both sides state them. An index that a failed build left INVALID is
expected to be valid.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dbspecialist.facts.catalogue import Catalogue, SchemaObject

#: Attributes that another object states, or that depend on how a database came about.
_INCIDENTAL = {
    "column": frozenset({"position"}),
    "table": frozenset({"partition_of", "bound"}),
    "foreign table": frozenset({"partition_of", "bound"}),
}


def comparable(
    before: Catalogue,
    after: Catalogue,
    runners: Collection[str] = (),
    *,
    named_not_null: bool = True,
) -> tuple[Catalogue, Catalogue]:
    """Reduce two catalogues to what is compared.

    Args:
        before: One side.
        after: The other, whose indexes are all valid once it is reached.
        runners: Roles that own what nobody gave an owner; the owner of such an object is not
            compared.
        named_not_null: Whether NOT NULL constraints have names, as they have since PostgreSQL 18.
    """
    sides = before, after
    unowned = {
        item.key
        for side in sides
        for item in side.objects
        if item.attributes.get("owner") in runners
    }
    if not named_not_null:
        sides = _without_names(before), _without_names(after)
    return _reduced(sides[0], unowned), _valid(_reduced(sides[1], unowned))


def _without_names(catalogue: Catalogue) -> Catalogue:
    """Leave out the NOT NULL constraints that their columns state."""
    return Catalogue(
        tuple(
            item
            for item in catalogue.objects
            if item.attributes.get("type") != "not null" or "valid" in item.attributes
        )
    )


def _reduced(catalogue: Catalogue, unowned: Collection[tuple[str, str]]) -> Catalogue:
    return Catalogue(tuple(_essential(item, item.key not in unowned) for item in catalogue.objects))


def _essential(item: SchemaObject, owned: bool) -> SchemaObject:
    dropped = _INCIDENTAL.get(item.kind, frozenset())
    kept = {
        name: value
        for name, value in item.attributes.items()
        if name not in dropped and (owned or name != "owner")
    }
    if item.kind == "index" and " ON ONLY " in kept["definition"]:
        kept.pop("valid", None)  # follows from what is attached to it
    return replace(item, attributes=kept)


def _valid(catalogue: Catalogue) -> Catalogue:
    return Catalogue(
        tuple(
            replace(item, attributes=_without(item, "valid")) if item.kind == "index" else item
            for item in catalogue.objects
        )
    )


def _without(item: SchemaObject, name: str) -> dict[str, str]:
    return {key: value for key, value in item.attributes.items() if key != name}
