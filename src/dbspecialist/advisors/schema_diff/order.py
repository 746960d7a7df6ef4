"""The order of actions: what the engine says depends on what decides, ranks where it is silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from dbspecialist.advisors.schema_diff.actions import Act, Action, Carriers
from dbspecialist.advisors.schema_diff.changes import Changes
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.dependencies import Key

#: Kinds whose names stand in one list of the engine (manual, "CREATE TABLE": the name must be
#: distinct from any other relation and type in the schema).
_NAMED_ALIKE = frozenset(
    {"table", "foreign table", "view", "materialized view", "sequence", "index"}
    | {"composite type", "enum", "domain", "range"}
)
#: By object, the action that it goes or comes with; those that another brings along are not there.
Acts = Mapping[Key, Act]

_ROUTINES = frozenset({"function", "procedure", "aggregate"})


def edges(changes: Changes, carriers: Carriers) -> Iterator[tuple[Act, Act]]:
    """Yield pairs of actions, the first of which has to come before the second."""
    going = {key: act for key in changes.going if (act := carriers.dropping(key))}
    coming = {key: act for key in changes.coming if (act := carriers.creating(key))}
    yield from _downwards(changes, going)
    yield from _upwards(changes, coming)
    yield from ((("suspend", key), ("alter", key)) for key in changes.altered)
    for key, act in going.items():
        if key in coming:
            yield _freeing(changes, key, act), coming[key]
    for key in changes.set_aside:
        yield ("aside", key), going[key]
    yield from _copies(changes, going, coming)
    yield from _slots(changes, going, coming)
    yield from _partitions(changes, coming)


def _freeing(changes: Changes, key: Key, act: Act) -> Act:
    """Return the action that frees the name of an object that goes with an action."""
    if key in changes.set_aside:
        return "aside", key
    return ("aside", act[1]) if act[0] == "drop" and act[1] in changes.set_aside else act


def _copies(changes: Changes, going: Acts, coming: Acts) -> Iterator[tuple[Act, Act]]:
    """Rows are copied between the making of a table with its partitions and the end of the old."""
    for key in changes.rebuilt:
        copy: Act = ("copy", key)
        yield coming[key], copy
        yield copy, going[key]
        for act, side, before in ((going, changes.old, False), (coming, changes.new, True)):
            for name, item in side.items():
                if name[0] == "partition" and name in act and _root(side, item) == key[1]:
                    yield (act[name], copy) if before else (copy, act[name])
        for item in changes.context.after.catalogue.parts_of(key[1], "trigger", "policy"):
            yield copy, coming.get(item.key, copy)


def _root(side: Mapping[Key, SchemaObject], item: SchemaObject) -> str:
    """Return the table that a partition is of, over all levels."""
    while above := side.get(("partition", item.parent)):
        item = above
    return item.parent


def _downwards(changes: Changes, going: Acts) -> Iterator[tuple[Act, Act]]:
    """What stands on an object goes, or is changed, before the object goes or is changed."""
    for one, needed in changes.context.before.dependencies.needs.items():
        for key in needed:
            if one in going:
                yield going[one], ("alter", key)
                yield going[one], going.get(key, going[one])
                if key in changes.set_aside and going[one] != going.get(key):
                    yield going[one], ("aside", key)
            elif key in going and one not in changes.going:
                verbs = ("suspend",) if one in changes.resumed else ("alter", "own")
                yield from (((verb, one), going[key]) for verb in verbs if going[key][1] != one)
    for item in changes.context.before.catalogue.of_kind("sequence"):
        column = changes.column_of(item)
        if column and column in going and item.key not in changes.going:
            yield ("own", item.key), going[column]


def _upwards(changes: Changes, coming: Acts) -> Iterator[tuple[Act, Act]]:
    """What an object stands on is there, and as it should be, before the object comes."""
    for one, needed in changes.context.after.dependencies.needs.items():
        later: list[Act] = [("alter", one), ("resume", one)]
        if one in coming:
            later.append(coming[one])
        for key in needed:
            for act in later:
                yield ("alter", key), act
                yield coming.get(key, act), act
    for item in changes.context.after.catalogue.of_kind("sequence"):
        own, column = ("own", item.key), changes.column_of(item)
        yield coming.get(item.key, own), own
        if column:
            yield coming.get(column, own), own
            yield ("alter", column), own


def _slots(changes: Changes, going: Acts, coming: Acts) -> Iterator[tuple[Act, Act]]:
    """What takes a name or place comes after that which has it."""
    taken: dict[tuple[str, str], list[Act]] = {}
    for key, act in going.items():
        for slot in slots(changes.old[key]):
            taken.setdefault(slot, []).append(_freeing(changes, key, act))
    for key, act in coming.items():
        for slot in slots(changes.new[key]):
            yield from ((other, act) for other in taken.get(slot, ()))


def slots(item: SchemaObject) -> Iterator[tuple[str, str]]:
    """Yield the names and places that one object alone can have."""
    if item.kind in _NAMED_ALIKE:
        yield "relation", item.name
    if item.kind in _ROUTINES:
        yield "routine", item.name
    if item.kind == "partition":
        yield "bounds", item.parent
    if item.attributes.get("type") == "primary key":
        yield "primary key", item.parent


def _partitions(changes: Changes, coming: Acts) -> Iterator[tuple[Act, Act]]:
    """A partition is attached once it has the parent's columns, indexes and checks."""
    catalogue = changes.context.after.catalogue
    for item in catalogue.of_kind("partition"):
        if item.key not in coming:
            continue
        attach = coming[item.key]
        for relation in (item.name, item.parent):
            for column in catalogue.parts_of(relation, "column"):
                yield ("alter", column.key), attach
                yield coming.get(column.key, attach), attach
        for own in catalogue.parts_of(item.name, "constraint", "index"):
            if own.attributes.get("type") != "foreign key":
                yield coming.get(own.key, attach), attach
        for above in catalogue.parts_of(item.parent, "constraint", "index"):
            # With ONLY and after the partition, which would get an index of its own otherwise.
            if above.kind == "index" or "index" in above.attributes:
                yield attach, coming.get(above.key, attach)
        for trigger in catalogue.parts_of(item.name, "trigger"):
            if "inherited" in trigger.attributes:
                yield attach, coming.get(trigger.key, attach)
    yield from _attached(changes, coming)


def _attached(changes: Changes, coming: Acts) -> Iterator[tuple[Act, Act]]:
    """An index is attached once both are there; a foreign key needs it to be whole."""
    catalogue = changes.context.after.catalogue
    keys = [item for item in catalogue.of_kind("constraint") if "referenced" in item.attributes]
    for item in catalogue.of_kind("index"):
        act = ("attach", item.key)
        for key in (
            item.key,
            ("index", item.attributes.get("attached_to", "")),
            ("partition", item.parent),
        ):
            yield coming.get(key, act), act
        tables = _ancestors(changes, item.parent)
        for one in keys:
            if one.attributes["referenced"] in tables:
                yield act, coming.get(one.key, act)


def _ancestors(changes: Changes, table: str) -> set[str]:
    """Return the tables that a table is a partition of."""
    found: set[str] = set()
    while item := changes.new.get(("partition", table)):
        table = item.parent
        found.add(table)
    return found


def in_order(found: Iterable[Action], pairs: Iterable[tuple[Act, Act]]) -> Iterator[Action]:
    """Put actions in order; where they wait for one another the lowest rank goes first."""
    by_act = {action.act: action for action in found if action.statements}
    needs: dict[Act, set[Act]] = {act: set() for act in by_act}
    then: dict[Act, set[Act]] = {act: set() for act in by_act}
    for first, second in pairs:
        if first in by_act and second in by_act and first != second:
            needs[second].add(first)
            then[first].add(second)
    ready = [(by_act[act].rank, act) for act, needed in needs.items() if not needed]
    heapify(ready)
    while needs:
        act = heappop(ready)[1] if ready else min(needs, key=lambda one: by_act[one].rank)
        if needs.pop(act, None) is None:
            continue
        yield by_act[act]
        for later in then[act]:
            if later in needs:
                needs[later].discard(act)
                if not needs[later]:
                    heappush(ready, (by_act[later].rank, later))
