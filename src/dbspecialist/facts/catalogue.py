"""Catalogues: every object of a schema in the engine's own canonical words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One object of a schema.

    Args:
        kind: The engine's word in lower case: `schema`, `extension`, `enum`, `domain`, `table`,
            `column`, `constraint`, `index`, `view`, `function`, `trigger`, `policy` …
        name: Schema-qualified, quoted as the engine prints it; for parts of a relation
            `schema.relation.part`; for functions with their argument types.
        parent: The name of the relation that it is part of, or "".
        attributes: Everything that two equal objects have equal, in canonical text
            (`pg_get_constraintdef`, `pg_get_indexdef`, `format_type` …).
        create: The SQL that makes it, or "" where the parent's SQL makes it (columns).
        extension: The extension without which it cannot exist, or "".
    """

    kind: str
    name: str
    parent: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    create: str = ""
    extension: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The pair that identifies the object in its catalogue."""
        return self.kind, self.name


@dataclass(frozen=True)
class Catalogue:
    """All objects of a database, in an order in which they can be created."""

    objects: tuple[SchemaObject, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str], SchemaObject]:
        """The objects by kind and name."""
        return {item.key: item for item in self.objects}

    def of_kind(self, *kinds: str) -> Iterator[SchemaObject]:
        """Yield the objects of the given kinds in creation order."""
        return (item for item in self.objects if item.kind in kinds)

    def parts_of(self, relation: str, *kinds: str) -> Iterator[SchemaObject]:
        """Yield the parts of a relation, of the given kinds where any are given."""
        parts = self._parts.get(relation, ())
        return (item for item in parts if not kinds or item.kind in kinds)

    @cached_property
    def _parts(self) -> Mapping[str, list[SchemaObject]]:
        found: dict[str, list[SchemaObject]] = {}
        for item in self.objects:
            found.setdefault(item.parent, []).append(item)
        return found

    def parents(self, table: str) -> tuple[str, ...]:
        """Return the tables that one inherits from; a partition inherits from none."""
        found = self.get("table", table)
        told = found.attributes.get("inherits", "") if found else ""
        return tuple(told.split(", ")) if told else ()

    def children(self, table: str) -> tuple[str, ...]:
        """Return the tables that inherit from one, also through others; partitions do not."""
        found = dict.fromkeys(self._children.get(table, ()))
        for name in tuple(found):
            found |= dict.fromkeys(self.children(name))
        return tuple(found)

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for item in self.of_kind("table"):
            for name in self.parents(item.name):
                found.setdefault(name, []).append(item.name)
        return found

    def get(self, kind: str, name: str) -> SchemaObject | None:
        """Return the object of that kind and name, or nothing."""
        return self.by_key.get((kind, name))


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that two catalogues do not have alike.

    `before` is nothing for an added object, `after` for a dropped one.
    """

    before: SchemaObject | None
    after: SchemaObject | None

    @property
    def object(self) -> SchemaObject:
        """The object as it is now, or as it was where it is gone."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the attributes that differ, sorted; empty for added and dropped."""
        if self.before is None or self.after is None:
            return ()
        old, new = self.before.attributes, self.after.attributes
        return tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))


def differences(before: Catalogue, after: Catalogue) -> tuple[Difference, ...]:
    """List what differs between two catalogues: dropped, added and changed objects."""
    if before is after:
        return ()
    old, new = before.by_key, after.by_key
    dropped = [Difference(old[key], None) for key in old if key not in new]
    added = [Difference(None, new[key]) for key in new if key not in old]
    changed = [
        Difference(old[key], new[key])
        for key in old
        if key in new
        and old[key] is not new[key]  # as in two readings of an object that has not changed
        and dict(old[key].attributes) != dict(new[key].attributes)
    ]
    return tuple(dropped + added + changed)
