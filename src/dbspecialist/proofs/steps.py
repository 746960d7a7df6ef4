"""Steps of a walk: what was seen of each migration, and what did not go as it should."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.walked import Broken, RoundTrip, RowsError


@dataclass(frozen=True)
class Step:
    """What the walk saw of one migration."""

    before: Catalogue = field(default_factory=Catalogue)
    after: Catalogue = field(default_factory=Catalogue)
    round_trip: RoundTrip | None = None
    broken: tuple[Broken, ...] = ()
    rows_errors: tuple[RowsError, ...] = ()
    nulls: frozenset[str] = frozenset()


class StoppedError(Exception):
    """A migration did not end, and was stopped."""

    def __init__(self, reason: str, errors: tuple[RowsError, ...]) -> None:
        super().__init__(reason)
        self.reason, self.errors = reason, errors


class LeftBehindError(Exception):
    """A migration failed and left a part of what it does."""


@dataclass(frozen=True)
class Odd:
    """Migrations that want other rows, over all grounds of a walk.

    `refused` holds what sample rows made the engine refuse, `thrown` why a migration is tried
    without rows, and `unplanned` those whose way back left the database between two states, so that
    the application's statements were not planned after them.
    """

    refused: dict[str, tuple[RowsError, ...]] = field(default_factory=dict)
    thrown: dict[str, str] = field(default_factory=dict)
    unplanned: set[str] = field(default_factory=set)
