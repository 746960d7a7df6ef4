"""Blocked time: for how long production would wait for what was seen on the twin.

A lock is held to the end of its transaction, so the blocked time of a relation counts the work
of the statement that locks it and of everything after it in the transaction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dbspecialist.facts.effects import LOCK_MODES, Lock, StatementEffects
from dbspecialist.proofs.rates import Rates

#: Schemas whose relations are small everywhere.
_OF_THE_SYSTEM = ("pg_catalog.", "pg_toast.", "information_schema.", "pg_temp")

#: What a change to the catalogue alone takes, in milliseconds.
CATALOGUE_MS = 1.0


def estimate_blocked(
    statements: Sequence[StatementEffects],
    *,
    rows: Callable[[str], float],
    size: Callable[[str], float],
    rates: Rates,
    knows: Callable[[str], bool] = lambda _relation: True,
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
    """
    work = [
        work_ms(item, rows=rows, size=size, rates=rates) if _is_known(item, knows) else math.nan
        for item in statements
    ]
    rest = _until_end(statements, work)  # unknown and known add up to unknown
    return tuple(
        replace(
            item,
            blocked_ms={} if math.isnan(total) else _blocked(item, held, total),
            held=held,
            work_ms=None if math.isnan(own) else own,
        )
        for item, held, total, own in zip(statements, _held(statements), rest, work, strict=True)
    )


def _blocked(statement: StatementEffects, held: Sequence[Lock], total: float) -> dict[str, float]:
    """Return how long each relation is blocked for a statement's own doing."""
    return {lock.relation: total for lock in (*statement.locks, *held) if lock.blocks}


def _held(statements: Sequence[StatementEffects]) -> Iterator[tuple[Lock, ...]]:
    """Yield for each statement the stronger locks of earlier ones on what it works on."""
    held: dict[str, Lock] = {}
    transaction = 0
    for item in statements:
        if item.transaction != transaction or not item.in_transaction:
            held, transaction = {}, item.transaction
        own = {lock.relation: lock for lock in item.locks}
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


def _is_stronger(one: Lock, other: Lock) -> bool:
    return LOCK_MODES.index(one.mode) > LOCK_MODES.index(other.mode)


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


def work_ms(
    statement: StatementEffects,
    *,
    rows: Callable[[str], float],
    size: Callable[[str], float],
    rates: Rates,
) -> float:
    """Estimate how long a statement works at production size, in milliseconds."""
    if "TRUNCATE TABLE" in statement.tags:  # makes empty files, whatever the old ones hold
        return CATALOGUE_MS
    built = list(statement.index_builds.values())
    # A build reads its table, and a rewrite too: they are not counted twice.
    read = [item for item in statement.scans if item not in statement.rewrites]
    read = [item for item in read if item not in built]
    seconds = sum(size(item) / rates.rewrite_bytes for item in statement.rewrites)
    seconds += sum(rows(item) / rates.index_rows for item in built)
    seconds += sum(size(item) / rates.scan_bytes for item in read)
    if len(read) > 1:
        seconds += rows(read[0]) / rates.check_rows
    seconds += sum(statement.rows_modified.values()) / rates.modify_rows
    return CATALOGUE_MS + seconds * 1000
