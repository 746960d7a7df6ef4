"""What partitions and inheriting tables get from their parents without being asked."""

from __future__ import annotations

from dataclasses import replace

from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject
from dbspecialist.facts.dependencies import Key


class Lineage:
    """The parents that tables have in both of two schemas."""

    def __init__(self, before: Catalogue, after: Catalogue) -> None:
        self._before, self._after = before, after
        old, new = _parents(before), _parents(after)
        self._parents = {
            child: [parent for parent in parents if parent in new.get(child, ())]
            for child, parents in old.items()
        }

    def is_partition(self, table: str) -> bool:
        """Whether a table is a partition in the second schema."""
        return self._after.get("partition", table) is not None

    def has_parents(self, table: str) -> bool:
        """Whether a table has a parent that stays its parent."""
        return bool(self._parents.get(table))

    def above(self, key: Key) -> list[Key]:
        """Return the parents' columns of a column's name, of the parents that stay."""
        item = self._before.by_key.get(key) or self._after.by_key.get(key)
        if item is None or key[0] != "column":
            return []
        name = item.name.removeprefix(f"{item.parent}.")
        found = [("column", f"{parent}.{name}") for parent in self._parents.get(item.parent, ())]
        return [one for one in found if one in self._before.by_key or one in self._after.by_key]

    def own_change(self, item: Difference) -> Difference:
        """Take from a column's change what its parent hands down."""
        if item.before is None or item.after is None or item.object.kind != "column":
            return item
        attributes = dict(item.before.attributes)
        for key in self.above(item.object.key):
            old, new = self._before.by_key.get(key), self._after.by_key.get(key)
            if old is None or new is None:
                continue
            for name in item.changed:
                if _same_change(name, old, new, item):
                    _take(attributes, name, item.after)
        attributes.pop("local", None)
        wanted = {name: text for name, text in item.after.attributes.items() if name != "local"}
        return Difference(
            replace(item.before, attributes=attributes), replace(item.after, attributes=wanted)
        )


def _same_change(name: str, old: SchemaObject, new: SchemaObject, item: Difference) -> bool:
    assert item.before is not None and item.after is not None
    was, now = old.attributes.get(name), new.attributes.get(name)
    return was != now and now == item.after.attributes.get(name)


def _take(attributes: dict[str, str], name: str, after: SchemaObject) -> None:
    if name in after.attributes:
        attributes[name] = after.attributes[name]
    else:
        attributes.pop(name, None)


def _parents(catalogue: Catalogue) -> dict[str, list[str]]:
    found = {item.name: [item.parent] for item in catalogue.of_kind("partition")}
    for item in catalogue.of_kind("table", "foreign table"):
        inherits = item.attributes.get("inherits")
        if inherits:
            found[item.name] = inherits.split(", ")
    return found
