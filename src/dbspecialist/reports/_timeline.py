"""Lock timelines: which lock is held on which relation over which statements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.locks import BLOCKS, LOCK_MODES, Lock
from dbspecialist.facts.units import duration

#: One character for what waits: everything, writes, or other DDL only.
GLYPHS: Mapping[tuple[str, ...], str] = {
    ("reads", "writes", "ddl"): "█",
    ("writes", "ddl"): "▓",
    ("ddl",): "░",
    (): " ",
}
#: What waits for these is of no interest beside their table. An index's lock that stops queries
#: is told as one on its table.
PARTS = frozenset({"index", "partitioned index", "toast table", "sequence"})
KINDS = ("reads", "writes", "ddl")


@dataclass(frozen=True, slots=True)
class Wait:
    """How long reads (and with them all), writes (and with them DDL), or DDL wait.

    Args:
        kind: `reads`, `writes` or `ddl`.
        ms: The longest estimated wait, or nothing where it is unknown.
        mode: The lock that makes them wait.
    """

    kind: str
    ms: float | None
    mode: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The locks on one relation, by statement.

    Args:
        relation: Schema-qualified name.
        modes: The strongest mode held while each statement runs, "" for none.
        waits: What waits for how long: first for the strongest lock, then what waits longer.
    """

    relation: str
    modes: tuple[str, ...]
    waits: tuple[Wait, ...]

    def bar(self, cells: int) -> str:
        """Draw the lane with `cells` characters a statement; below 1, statements share one."""
        if cells >= 1:
            return "".join(_glyph((mode,)) * cells for mode in self.modes)
        width = -cells
        return "".join(
            _glyph(self.modes[start : start + width]) for start in range(0, len(self.modes), width)
        )


def lanes(statements: Sequence[StatementEffects]) -> tuple[Lane, ...]:
    """List the relations on which anything waits, what queries wait for first.

    A lock is held to the end of the transaction that took it, which may be an earlier migration's.
    """
    relations = dict.fromkeys(
        lock.blocked
        for item in statements
        for lock in _locks(item)
        if lock.blocks and _is_told(lock)
    )
    found = (_lane(relation, statements) for relation in relations)
    return tuple(sorted(found, key=_order))


def _locks(statement: StatementEffects) -> tuple[Lock, ...]:
    """The locks that a statement takes, and those under which it works."""
    return (*statement.locks, *statement.held)


def longest(lanes: Sequence[Lane]) -> tuple[Wait, ...]:
    """Return what waits longest on any of the lanes, by the same order as within one."""
    found = [wait for lane in lanes for wait in lane.waits]
    return _longer([_worst([wait for wait in found if wait.kind == kind]) for kind in KINDS])


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
        taken = [lock.mode for lock in _locks(statement) if lock.blocked == relation]
        held = max([held, *taken], key=_strength)
        modes.append(held)
    return Lane(relation, tuple(modes), _waits(relation, statements))


def _waits(relation: str, statements: Sequence[StatementEffects]) -> tuple[Wait, ...]:
    """Return the longest wait of each kind that is longer than that of the kinds before it.

    A build that stops other DDL for minutes must not lend its time to a lock of a millisecond.
    """
    taken = [
        (lock, item.blocked_ms.get(relation))
        for item in statements
        for lock in _locks(item)
        if lock.blocked == relation
    ]
    return _longer(
        _worst([Wait(kind, ms, lock.mode) for lock, ms in taken if kind in lock.blocks])
        for kind in KINDS
    )


def _worst(waits: Sequence[Wait]) -> Wait | None:
    """Return the longest wait; one of unknown length may be longer than any."""
    return max(waits, key=_length, default=None)


def _longer(waits: Iterable[Wait | None]) -> tuple[Wait, ...]:
    """Leave out what waits no longer, in words, than what is told before it."""
    found: list[Wait] = []
    for wait in waits:
        if wait and not (found and _is_longer(found[-1], wait)):
            found.append(wait)
    return tuple(found)


def _is_longer(one: Wait, other: Wait) -> bool:
    """Tell whether a wait is at least as long as another one, as they are written."""
    return _length(one) >= _length(other) or written(one) == written(other)


def written(wait: Wait) -> str:
    """Write how long it is."""
    return "unknown" if wait.ms is None else duration(wait.ms)


def _length(wait: Wait) -> float:
    return math.inf if wait.ms is None else wait.ms


def _order(lane: Lane) -> tuple[bool, float, str]:
    """Put what queries wait for first, then by the longest wait."""
    known = [wait.ms for wait in lane.waits if wait.ms is not None]
    return lane.waits[0].kind == "ddl", -max(known, default=0), lane.relation


def _is_told(lock: Lock) -> bool:
    return lock.kind not in PARTS or lock.blocked == lock.table


def _glyph(modes: Sequence[str]) -> str:
    return GLYPHS[BLOCKS.get(max(modes, key=_strength), ())]


def _strength(mode: str) -> int:
    return LOCK_MODES.index(mode) if mode in LOCK_MODES else -1
