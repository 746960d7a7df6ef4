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
    replaced = changes.context.replaced
    for key, act in going.items():
        if key in coming:
            yield (("aside", key) if key in replaced else act), coming[key]
        if key in replaced:
            yield ("aside", key), act
    yield from _slots(changes, going, coming)
    yield from _partitions(changes, coming)


def _downwards(changes: Changes, going: Acts) -> Iterator[tuple[Act, Act]]:
    """What stands on an object goes, or is changed, before the object goes or is changed."""
    for one, needed in changes.context.before.dependencies.needs.items():
        for key in needed:
            if one in going:
                yield going[one], ("alter", key)
                yield going[one], going.get(key, going[one])
                if key in changes.context.replaced:
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
            if key not in changes.context.replaced:
                taken.setdefault(slot, []).append(act)
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
    for item in catalogue.of_kind("index"):
        act = ("attach", item.key)
        for key in (
            item.key,
            ("index", item.attributes.get("attached_to", "")),
            ("partition", item.parent),
        ):
            yield coming.get(key, act), act


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
