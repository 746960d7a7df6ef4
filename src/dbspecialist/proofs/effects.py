"""Blocked time: for how long production would wait for what was seen on the twin.

A lock is held to the end of its transaction, so the blocked time of a relation counts the work
of the statement that locks it and of everything after it in the transaction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.locks import LOCK_MODES, Lock
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.work import (
    CATALOGUE_MS,
    checked_keys,
    rows_looked_up,
    taken_ms,
    work_ms,
)

#: Schemas whose relations are small everywhere.
_OF_THE_SYSTEM = ("pg_catalog.", "pg_toast.", "information_schema.", "pg_temp")

#: Commands that commit after each of several relations.
#: Source: PostgreSQL manual, "REINDEX", "VACUUM" and "CLUSTER", on transaction blocks.
_COMMIT = frozenset({"REINDEX", "VACUUM", "CLUSTER"})


class Sizes(Protocol):
    """What is known of production's relations by the names of one moment."""

    def rows(self, relation: str) -> float:
        """Production's rows of a relation."""

    def bytes(self, relation: str) -> float:
        """Production's bytes of a relation with TOAST, without indexes."""

    def knows(self, relation: str) -> bool:
        """Whether production's size of a relation is known."""


@dataclass(frozen=True)
class _Always:
    """Sizes of a run in which each name means one relation."""

    rows: Callable[[str], float]
    bytes: Callable[[str], float]
    knows: Callable[[str], bool]


def estimate_blocked(
    statements: Sequence[StatementEffects],
    *,
    rows: Callable[[str], float],
    size: Callable[[str], float],
    rates: Rates,
    knows: Callable[[str], bool] = lambda _relation: True,
    values: Callable[[StatementEffects, str, str], float] = lambda *_: 1.0,
    searched: Callable[[StatementEffects], float] = lambda _statement: 0.0,
    at: Callable[[StatementEffects], Sizes] | None = None,
    index_rate: Callable[[str], float] | None = None,
) -> tuple[StatementEffects, ...]:
    """Return the statements with `blocked_ms` and `work_ms` filled in, as far as sizes are known.

    `blocked_ms` has the relations that a statement locks, and those that it works on under a lock
    of an earlier statement. A lock held over work on a relation of unknown size has no entry.

    Args:
        statements: All statements of a run in order, over several migrations.
        rows: Production's rows of a relation.
        size: Production's bytes of a relation with TOAST, without indexes.
        rates: This machine's rates.
        knows: Whether production's size of a relation is known.
        values: The share of a relation's rows that have a value in a column, for a statement.
        searched: Bytes that are read for a statement beside its own plans, whole tables at a time.
        at: The sizes by the names that relations have at a statement, where a name may mean
            another relation later; without it the three above hold throughout.
        index_rate: Rows a second by the index that is built; without it, those of a B-tree.
    """
    always: Sizes = _Always(rows, size, knows)

    def estimate(item: StatementEffects) -> float:
        there = at(item) if at else always
        if not _is_known(item, there.knows):
            return math.nan
        found = searched(item)
        looked_up = sum(rows_looked_up(item, key, there.rows, values) for key in checked_keys(item))
        item = replace(item, queried=tuple(filter(there.knows, item.queried)))
        own = work_ms(
            item,
            rows=there.rows,
            size=there.bytes,
            rates=rates,
            looked_up=looked_up,
            index_rate=index_rate,
        )
        return max(own + found / rates.scan_bytes * 1000, taken_ms(item))

    def longest(item: StatementEffects, total: float) -> float:
        """Leave out rows of other transactions, where a statement commits several by itself."""
        others = sum(item.rows_modified.values()) - sum(item.rows_at_once.values())
        return total - others / rates.modify_rows * 1000 if item.rows_at_once else total

    work = [estimate(item) for item in statements]
    rest = _until_end(statements, work)  # unknown and known add up to unknown
    return tuple(
        replace(
            item,
            blocked_ms=_blocked_apart(item, estimate)
            if _commits_each(item)
            else _blocked(item, held, longest(item, total)),
            held=held,
            work_ms=None if math.isnan(own) else own,
        )
        for item, held, total, own in zip(statements, _held(statements), rest, work, strict=True)
    )


def _blocked(statement: StatementEffects, held: Sequence[Lock], total: float) -> dict[str, float]:
    """Return how long each relation is blocked for a statement's own doing."""
    if math.isnan(total):
        return {}
    return {lock.blocked: total for lock in (*statement.locks, *held) if lock.blocks}


def _commits_each(statement: StatementEffects) -> bool:
    worked = _worked(statement)
    return not statement.in_transaction and len(worked) > 1 and bool(_COMMIT & {*statement.tags})


def _blocked_apart(
    statement: StatementEffects, estimate: Callable[[StatementEffects], float]
) -> dict[str, float]:
    """Return how long each relation is blocked by a statement that commits after each of them."""
    found = {}
    for lock in statement.locks:
        own = estimate(_part(statement, lock.blocked))
        # REINDEX CONCURRENTLY asks for ShareLock on partitions, and builds without it.
        passing = "writes" in lock.blocks and not _is_held_for_itself(statement, lock.blocked)
        if lock.blocks and not math.isnan(own):
            found[lock.blocked] = CATALOGUE_MS if passing else own
    return found


def _is_held_for_itself(statement: StatementEffects, relation: str) -> bool:
    return any("reads" in lock.blocks for lock in statement.locks if lock.blocked == relation)


def _part(statement: StatementEffects, relation: str) -> StatementEffects:
    """Return what a statement does to one relation."""
    return replace(
        statement,
        rewrites={name: why for name, why in statement.rewrites.items() if name == relation},
        scans=tuple(name for name in statement.scans if name == relation),
        index_builds={name: of for name, of in statement.index_builds.items() if of == relation},
    )


def _held(statements: Sequence[StatementEffects]) -> Iterator[tuple[Lock, ...]]:
    """Yield for each statement the stronger locks of earlier ones on what it works on."""
    held: dict[str, Lock] = {}
    transaction = 0
    for item in statements:
        if item.transaction != transaction or not item.in_transaction:
            held, transaction = {}, item.transaction
        # The strongest last: an index's lock may be stronger than the one on its table.
        own = {lock.blocked: lock for lock in sorted(item.locks, key=_strength)}
        yield tuple(
            held[name]
            for name in sorted(_worked(item) & held.keys())
            if name not in own or _is_stronger(held[name], own[name])
        )
        held |= {
            name: lock
            for name, lock in own.items()
            if name not in held or _is_stronger(lock, held[name])
        }
        for was, name in item.renames.items():
            if was in held:
                held[name] = replace(held.pop(was), relation=name)


def _is_stronger(one: Lock, other: Lock) -> bool:
    return _strength(one) > _strength(other)


def _strength(lock: Lock) -> int:
    return LOCK_MODES.index(lock.mode)


def _worked(statement: StatementEffects) -> set[str]:
    """Return the relations whose rows a statement reads or writes."""
    return {
        *(*statement.rewrites, *statement.scans, *statement.rows_modified),
        *statement.index_builds.values(),
    }


def _is_known(statement: StatementEffects, knows: Callable[[str], bool]) -> bool:
    """Tell whether the sizes of all relations that a statement works through are known."""
    worked = _worked(statement)
    return all(knows(relation) for relation in worked if not relation.startswith(_OF_THE_SYSTEM))


def _until_end(statements: Sequence[StatementEffects], work: Sequence[float]) -> list[float]:
    """Add up each statement's work with that of those after it in its transaction."""
    held = list(work)
    for number in reversed(range(len(statements) - 1)):
        if statements[number].transaction == statements[number + 1].transaction:
            held[number] += held[number + 1]
    return held
