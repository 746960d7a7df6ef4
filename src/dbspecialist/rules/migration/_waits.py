"""Waits while rows are read: for the first or largest table that may have some."""

from __future__ import annotations

from collections.abc import Iterable

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import Wait
from dbspecialist.rules.judging import lock_over
from dbspecialist.rules.migration._constraints import filled, held_lock, holder
from dbspecialist.rules.migration._tables import first_filled


def held_wait(trial: Trial, run: Run, statement: StatementEffects, table: str) -> Wait | None:
    """Return the wait for a table whose lock is held when a statement ends, maybe an earlier one's.

    Nothing where no lock is held.
    """
    lock = held_lock(trial, statement, table)
    if lock is None:
        return None
    return Wait(trial, run, statement, table, lock, holder(trial, statement, table))


def wait_for_largest(
    trial: Trial, run: Run, statement: StatementEffects, relation: str, *others: str
) -> Wait | None:
    """Return the wait for a table, or the largest of its partitions, that a statement works on.

    Args:
        others: Relations that it locks for another reason (referenced tables).
    """
    tables = filled(trial, statement, run, relation, *others)
    return held_wait(trial, run, statement, tables[0]) if tables else None


def wait_for_first(
    trial: Trial,
    run: Run,
    statement: StatementEffects,
    relation: str,
    among: Iterable[str],
    *,
    named_by: StatementEffects | None = None,
) -> Wait | None:
    """Return the wait of writes for the first of a table and its partitions that may have rows.

    Args:
        among: The relations that the statement reads.
        named_by: The statement by whose names `relation` is told; nothing for those of before.
    """
    table = first_filled(trial, run, relation, among, named_by)
    lock = lock_over(statement, table) if table else None
    if table is None or lock is None or "writes" not in lock.blocks:
        return None
    return Wait(trial, run, statement, table, lock)
