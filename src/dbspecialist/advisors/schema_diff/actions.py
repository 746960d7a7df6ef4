"""The actions that carry changes out, each the statements for one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.advisors.schema_diff.changes import Changes
from dbspecialist.engines.postgresql import ddl
from dbspecialist.engines.postgresql.ddl import columns, indexes, rebuilding, sequences, types
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.dependencies import Key

#: What is done (drop, aside, suspend, alter, create, copy, own,
#: attach, resume) and to what.
Act = tuple[str, Key]

#: Kinds whose loss loses rows or breaks code: they go last.
_LATE = frozenset(
    {"table", "column", "foreign table", "sequence", "schema", "extension", "enum", "domain"}
    | {"composite type", "range", "function", "procedure", "aggregate", "materialized view"}
)


@dataclass(frozen=True, slots=True)
class Action:
    """The statements for one object.

    Args:
        act: What is done, and to what.
        item: The object, as it is where it is dropped, else as it is to be.
        statements: SQL without closing semicolons.
        rank: Where it stands among those that could stand there.
    """

    act: Act
    item: SchemaObject
    statements: tuple[str, ...]
    rank: tuple[int, float]


class Carriers:
    """Which action an object goes and comes with."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        context = changes.context
        self._relations = [
            {item.name: item.key for item in side.catalogue.objects if not item.parent}
            for side in (context.before, context.after)
        ]
        self._referenced = {
            item.attributes["referenced"]
            for item in context.before.catalogue.of_kind("constraint")
            if "referenced" in item.attributes
        }
        self._references = {
            (item.parent, item.attributes["referenced"])
            for item in context.before.catalogue.of_kind("constraint")
            if item.key in changes.going and "referenced" in item.attributes
        }

    def dropping(self, key: Key) -> Act | None:
        """Return the action that an object of the first schema goes with, itself or another's."""
        changes, item = self._changes, self._changes.old[key]
        above = self._above_old(item)
        if above is not None and above in changes.going:
            return self.dropping(above)
        if item.kind == "sequence" and item.attributes.get("identity"):
            column = changes.column_of(item)
            return ("suspend", column) if column else None
        if self._comes_along(item):
            return None
        return "drop", key

    def _comes_along(self, item: SchemaObject) -> bool:
        """Whether an object is made and dropped by the engine with the one of a parent table."""
        have = item.attributes
        by_itself = item.kind == "constraint" and have["type"] in {"check", "not null"}
        return "inherited" in have and (by_itself or item.kind == "trigger")

    def _above_old(self, item: SchemaObject) -> Key | None:
        """Return the object that takes another along when it goes."""
        changes = self._changes
        if item.kind in {"comment", "grant"}:
            return changes.described(item, old=True)
        if item.kind == "sequence":
            return changes.column_of(item)
        if item.kind == "partition":
            child = ("table", item.name)
            goes = child in changes.going and child not in changes.new
            # A partition that a foreign key reaches through its parent has to be detached first.
            return child if goes and not self._is_referenced(item) else None
        relation = self._relations[0].get(item.parent)
        # Names of indexes are taken as long as a table that is set aside has them.
        named = relation in changes.rebuilt and (item.kind == "index" or "index" in item.attributes)
        if relation in changes.going and not named and not self._is_circular(item):
            return relation
        return next((key for key in self._around(item) if key in changes.going), None)

    def _around(self, item: SchemaObject) -> Iterator[Key]:
        """Yield the constraint of an index, and what a partition's part is attached to."""
        have = item.attributes
        if "constraint" in have:
            yield "constraint", have["constraint"]
        if "attached_to" in have:
            yield "index", have["attached_to"]
        index = self._changes.old.get(("index", have.get("index", "")))
        if item.kind == "constraint" and index and "attached_to" in index.attributes:
            yield "index", index.attributes["attached_to"]
        yield from self._changes.lineage.above(item.key)

    def _is_referenced(self, partition: SchemaObject) -> bool:
        """Whether foreign keys that stay refer to a table that a partition is of."""
        above: SchemaObject | None = partition
        while above is not None:
            if above.parent in self._referenced:
                return True
            above = self._changes.old.get(("partition", above.parent))
        return False

    def _is_circular(self, item: SchemaObject) -> bool:
        """Whether tables that go refer to one another, so that a foreign key has to go first."""
        start, goal = item.attributes.get("referenced"), item.parent
        if start is None or start == goal:
            return False
        seen, waiting = set(), [start]
        while waiting:
            here = waiting.pop()
            if here == goal:
                return True
            if here not in seen:
                seen.add(here)
                waiting += [other for one, other in self._references if one == here]
        return False

    def creating(self, key: Key) -> Act | None:
        """Return the action that an object of the second schema comes with."""
        changes, item = self._changes, self._changes.new[key]
        have = item.attributes
        above: Key | None = None
        if item.kind == "column":
            above = self._above_new(item)
            if above and above[0] in {"view", "materialized view"} and above not in changes.coming:
                return "alter", above
        elif item.kind == "index" and "constraint" in have:
            above = "constraint", have["constraint"]
        elif item.kind == "sequence" and "identity" in have:
            above = changes.column_of(item)
            if above not in changes.coming:
                return ("alter", above) if above else None
        elif self._is_handed_down(item) and item.kind == "constraint":
            return None
        elif item.kind == "constraint" and have["type"] == "not null" and not item.create:
            column = ("column", f"{item.parent}.{have['columns']}")
            above = column if column in changes.coming else None
        elif not item.create:
            return None
        return self.creating(above) if above else ("create", key)

    def _is_handed_down(self, item: SchemaObject) -> bool:
        """Whether a constraint comes with the one that a parent of the table gets."""
        return self._comes_along(item) and self._changes.lineage.has_parents(item.parent)

    def _above_new(self, item: SchemaObject) -> Key | None:
        """Return the relation that a column comes with, or the parent's column."""
        changes, relation = self._changes, self._relations[1].get(item.parent)
        if relation in changes.coming or (relation and relation[0].endswith("view")):
            return relation
        return next((key for key in changes.lineage.above(item.key) if key in changes.coming), None)


def actions(changes: Changes, carriers: Carriers) -> Iterator[Action]:
    """Yield every action, in no particular order."""
    context = changes.context
    old, new = context.before.catalogue, context.after.catalogue
    for place, item in enumerate(old.objects):
        yield from _dropping(changes, carriers, item, place)
    for place, item in enumerate(new.objects):
        key = item.key
        if key in changes.coming and carriers.creating(key) == ("create", key):
            made = ddl.create(item, new)
            if key in changes.rebuilt:
                made = rebuilding.with_names(made, item, new)
            yield Action(("create", key), item, made, (1, place))
        if key in changes.rebuilt:
            texts = tuple(rebuilding.copying(item, context))
            yield Action(("copy", key), item, texts, (1, place + 0.5))
        if key in changes.altered:
            yield Action(("alter", key), item, changes.altered[key], (1, place))
        if key in changes.resumed and key not in changes.going and "default" in item.attributes:
            back = f"{columns.altering(item)} SET DEFAULT {item.attributes['default']}"
            yield Action(("resume", key), item, (back,), (1, place + 0.5))
        if item.kind == "sequence" and _changes_owner(changes, item):
            yield Action(("own", key), item, (sequences.owning(item),), (1, place + 0.5))
        if item.kind == "index" and "attached_to" in item.attributes and _attaches(changes, item):
            yield Action(("attach", key), item, (indexes.attaching(item),), (1, place + 0.5))


def _dropping(
    changes: Changes, carriers: Carriers, item: SchemaObject, place: int
) -> Iterator[Action]:
    key, catalogue = item.key, changes.context.before.catalogue
    if key in changes.resumed and key not in changes.going:
        off = f"{columns.altering(item)} DROP DEFAULT"
        yield Action(("suspend", key), item, (off,), (0, -place))
    if key in changes.altered and columns.loses_identity(changes.old[key], changes.new[key]):
        off = f"{columns.altering(item)} DROP IDENTITY"
        yield Action(("suspend", key), item, (off,), (1, place))
    if key in changes.set_aside:
        yield Action(("aside", key), item, rebuilding.aside(item, catalogue), (0, 1))
    if key not in changes.going or carriers.dropping(key) != ("drop", key):
        return
    rank = (3 if item.kind in _LATE else 0, -float(place))
    if key in changes.set_aside:
        yield Action(("drop", key), item, (types.drop_replaced(item),), rank)
        return
    yield Action(("drop", key), item, ddl.drop(item, catalogue), rank)


def _changes_owner(changes: Changes, item: SchemaObject) -> bool:
    """Whether a sequence has to be told which column it belongs to."""
    have, key = item.attributes, item.key
    if "identity" in have:
        return False
    old = changes.old.get(key)
    if key in changes.coming or old is None:
        return "owned_by" in have
    column = changes.column_of(item)
    return old.attributes.get("owned_by") != have.get("owned_by") or (
        column is not None and column in changes.coming
    )


def _attaches(changes: Changes, item: SchemaObject) -> bool:
    """Whether an index has to be attached to the one of a parent."""
    old, parent = changes.old.get(item.key), ("index", item.attributes["attached_to"])
    return (
        item.key in changes.coming
        or parent in changes.coming
        or (old is not None and old.attributes.get("attached_to") != item.attributes["attached_to"])
    )
