"""REINDEX without CONCURRENTLY stops reads and writes while the index is built again.

## What it does
Looks for REINDEX statements that build an index over
rows while they hold it, or its table, so that reads wait.

## Why it matters
REINDEX takes SHARE on the table, so that writes wait, and ACCESS EXCLUSIVE on each index as it is
built. Whoever plans a query locks every index of its tables, used or not: reads wait too. REINDEX
CONCURRENTLY builds a new index beside the old one under SHARE UPDATE EXCLUSIVE and exchanges them.

## Example
    REINDEX INDEX orders_user_id_idx;

## Use instead
    REINDEX INDEX CONCURRENTLY orders_user_id_idx;

outside of a transaction, and without a short lock_timeout.

## What proves it
The lock and the index are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "REINDEX", section "Notes" and section "Rebuilding Indexes Concurrently".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    concurrently_help,
    lock_evidence,
    seen,
    time_evidence,
)
from dbspecialist.rules.migration._constraints import held_lock, holder

TITLE = "Rebuild indexes of filled tables with CONCURRENTLY"
SEVERITY = "error"
ENGINES = ("postgresql",)

_REINDEX = re.compile(
    r"\s*(reindex\s*(?:\([^)]*\)\s*)?(?:index|table|schema|database))\s+(?!concurrently\b)", re.I
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that rebuilds indexes while reads wait."""
    for statement in trial.statements:
        if "REINDEX" not in {*statement.tags, *(tag for tag, _, _ in statement.creates)}:
            continue
        tables = [
            table
            for table in dict.fromkeys(statement.index_builds.values())
            if _stops_reads(held_lock(trial, statement, table))
            and not run.at(statement).is_empty(table)
        ]
        if tables:
            yield _finding(trial, run, statement, tables)


def _finding(trial: Trial, run: Run, statement: StatementEffects, tables: list[str]) -> Finding:
    """Tell what waits longest: REINDEX SCHEMA commits after each table."""
    table = max(tables, key=lambda name: _waited(trial, statement, name))
    lock = held_lock(trial, statement, table)
    assert lock is not None
    first = holder(trial, statement, table)
    built = [name for name, of in statement.index_builds.items() if of == table]
    others = f", and those of {plural(len(tables) - 1, 'more table')}" if len(tables) > 1 else ""
    return finding(
        severity=by_blocked_time(first, table, run),
        message=(
            f"Rebuilding {', '.join(built)}{others} blocks {blocks(lock)} of {table} "
            f"{blocked_for(first, table, run, statement)} ({_named(lock)})"
        ),
        location=at(trial, statement),
        evidence=(
            *(lock_evidence(item) for item in statement.locks if item.blocked == table),
            seen(f"builds {', '.join(built)} over the rows of {table}"),
            time_evidence(first, table, run),
        ),
        help=concurrently_help(trial, statement, "REINDEX … CONCURRENTLY"),
        relation=table,
    )


def _stops_reads(lock: Lock | None) -> bool:
    # CONCURRENTLY takes ShareLock on partitions for a moment; only what is built in place is held.
    return lock is not None and "reads" in lock.blocks


def _waited(trial: Trial, statement: StatementEffects, table: str) -> float:
    return holder(trial, statement, table).blocked_ms.get(table, 0)


def _named(lock: Lock) -> str:
    return f"{lock.mode} on {lock.relation}" if lock.table else lock.mode


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Rebuild the same indexes concurrently."""
    if not _REINDEX.match(statement.sql):
        return None
    concurrent = _REINDEX.sub(r"\1 CONCURRENTLY ", statement.sql, count=1)
    return (Phase("rebuild the index while writes go on", (concurrent,), transactional=False),)
