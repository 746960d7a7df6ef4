"""Drift: what migrations, models and database do not have alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbspecialist.facts.revision_files import RevisionFiles

#: The sides that are compared, in the order in which they are told.
SIDES = ("migrations", "models", "database")


@dataclass(frozen=True, slots=True)
class DriftItem:
    """One object that the sides do not have alike.

    Args:
        kind: What it is.
        name: Its name.
        states: By side, those of its attributes that differ, "" for one that is not set; nothing
            for a side that lacks the object. A side that cannot state it is not among them.
    """

    kind: str
    name: str
    states: Mapping[str, Mapping[str, str] | None] = field(default_factory=dict)

    @property
    def has(self) -> tuple[str, ...]:
        """The sides that have it, in whatever form."""
        return tuple(side for side, state in self.states.items() if state is not None)

    @property
    def lacks(self) -> tuple[str, ...]:
        """The sides that lack it."""
        return tuple(side for side, state in self.states.items() if state is None)


@dataclass(frozen=True, slots=True)
class Drift:
    """What the sides of a project do not have alike.

    Args:
        sides: By side, what it was read from.
        items: The differences, by object.
        pending: Revisions that the database does not have yet; what they bring is no difference.
        notes: What is to be known besides, one sentence each.
        revision: What makes the migrations equal to another side, where that was asked for.
    """

    sides: Mapping[str, str]
    items: tuple[DriftItem, ...] = ()
    pending: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    revision: RevisionFiles | None = None
