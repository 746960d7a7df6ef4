"""What in a catalogue stands on what, as the engine keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

#: Kind and name of an object, see `SchemaObject.key`.
Key = tuple[str, str]


@dataclass(frozen=True)
class Dependencies:
    """The objects that each object needs, columns being objects of their own.

    Args:
        needs: By object, what must be there for it.
    """

    needs: Mapping[Key, frozenset[Key]] = field(default_factory=dict)

    @cached_property
    def dependents(self) -> Mapping[Key, frozenset[Key]]:
        """By object, what cannot be there without it."""
        found: dict[Key, set[Key]] = {}
        for item, needed in self.needs.items():
            for key in needed:
                found.setdefault(key, set()).add(item)
        return {key: frozenset(items) for key, items in found.items()}

    def of(self, key: Key) -> frozenset[Key]:
        """Return what an object needs."""
        return self.needs.get(key, frozenset())

    def on(self, key: Key) -> frozenset[Key]:
        """Return what stands on an object."""
        return self.dependents.get(key, frozenset())
