"""Lock timelines: which lock is held on which relation over which statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbspecialist.facts.effects import BLOCKS, LOCK_MODES, StatementEffects

#: One character for what waits: everything, writes, or other DDL only.
GLYPHS: Mapping[tuple[str, ...], str] = {
    ("reads", "writes", "ddl"): "█",
    ("writes", "ddl"): "▓",
    ("ddl",): "░",
    (): " ",
}
#: Locks on these follow from one on their table and would only repeat it.
PARTS = frozenset({"index", "partitioned index", "toast table", "sequence"})


@dataclass(frozen=True, slots=True)
class Lane:
    """The locks on one relation, by statement.

    Args:
        relation: Schema-qualified name.
        modes: The strongest mode held while each statement runs, "" for none.
        blocked_ms: The longest estimated wait, or nothing where it is unknown.
    """

    relation: str
    modes: tuple[str, ...]
    blocked_ms: float | None

    @property
    def strongest(self) -> str:
        """The strongest mode of the lane."""
        return max(self.modes, key=_strength)

    @property
    def blocks(self) -> tuple[str, ...]:
        """What waits while the strongest mode is held."""
        return BLOCKS.get(self.strongest, ())

    def bar(self, cells: int) -> str:
        """Draw the lane with `cells` characters a statement; below 1, statements share one."""
        if cells >= 1:
            return "".join(_glyph((mode,)) * cells for mode in self.modes)
        width = -cells
        return "".join(
            _glyph(self.modes[start : start + width]) for start in range(0, len(self.modes), width)
        )


def lanes(statements: Sequence[StatementEffects]) -> tuple[Lane, ...]:
    """List the relations on which anything waits, the longest wait first.

    A lock is held to the end of the transaction that took it.
    """
    relations = dict.fromkeys(
        lock.relation
        for statement in statements
        for lock in statement.locks
        if lock.blocks and lock.kind not in PARTS
    )
    found = (_lane(relation, statements) for relation in relations)
    return tuple(sorted(found, key=lambda lane: (-(lane.blocked_ms or 0), lane.relation)))


def cells(statements: int, room: int) -> int:
    """Return how many characters a statement gets, or minus how many statements share one."""
    if statements <= room:
        return max(1, min(6, room // max(1, statements)))
    return -(-statements // room) * -1


def _lane(relation: str, statements: Sequence[StatementEffects]) -> Lane:
    modes: list[str] = []
    held, transaction = "", None
    for statement in statements:
        if statement.transaction != transaction or not statement.in_transaction:
            held, transaction = "", statement.transaction
        taken = [lock.mode for lock in statement.locks if lock.relation == relation]
        held = max([held, *taken], key=_strength)
        modes.append(held)
    return Lane(relation, tuple(modes), _longest(relation, statements))


def _longest(relation: str, statements: Sequence[StatementEffects]) -> float | None:
    """Return the longest wait of reads or writes, or of other DDL where these do not wait.

    A build that stops other DDL for minutes must not lend its time to a lock of a millisecond.
    Nothing is returned where a lock's wait is unknown: it may be longer.
    """
    taken = [
        (lock.blocks != ("ddl",), item.blocked_ms.get(relation))
        for item in statements
        for lock in item.locks
        if lock.relation == relation and lock.blocks
    ]
    most = max(stops for stops, _ in taken)
    waits = [wait for stops, wait in taken if stops == most]
    known = [wait for wait in waits if wait is not None]
    return max(known) if len(known) == len(waits) else None


def _glyph(modes: Sequence[str]) -> str:
    return GLYPHS[BLOCKS.get(max(modes, key=_strength), ())]


def _strength(mode: str) -> int:
    return LOCK_MODES.index(mode) if mode in LOCK_MODES else -1
