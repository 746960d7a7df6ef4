"""REINDEX without CONCURRENTLY stops writes while the index is built again.

## What it does
Looks for REINDEX statements that build an index over rows while they hold a lock that stops writes.

## Why it matters
REINDEX takes SHARE on the table, so that writes wait, and ACCESS EXCLUSIVE on the index, for which
the planner of almost any query on the table waits too. REINDEX CONCURRENTLY builds a new index
beside the old one under SHARE UPDATE EXCLUSIVE and changes them over.

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
from dbspecialist.facts.trial import Run, Trial
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
    """Yield a finding for each table whose indexes are rebuilt while writes wait."""
    for statement in trial.statements:
        if "REINDEX" not in {*statement.tags, *(tag for tag, _, _ in statement.creates)}:
            continue
        for table in dict.fromkeys(statement.index_builds.values()):
            lock = held_lock(trial, statement, table)
            if lock is None or "writes" not in lock.blocks or run.is_empty(table):
                continue
            first = holder(trial, statement, table)
            built = [name for name, of in statement.index_builds.items() if of == table]
            yield Finding(
                rule="reindex-concurrently",
                severity=by_blocked_time(first, table, run),
                message=(
                    f"Rebuilding {', '.join(built)} blocks {blocks(lock)} of {table} "
                    f"{blocked_for(first, table, run)} ({lock.mode})"
                ),
                location=at(trial, statement),
                evidence=(
                    lock_evidence(lock),
                    seen(f"builds {', '.join(built)} over the rows of {table}"),
                    time_evidence(first, table, run),
                ),
                help=concurrently_help(trial, statement, "REINDEX … CONCURRENTLY"),
                relation=table,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Rebuild the same indexes concurrently."""
    if not _REINDEX.match(statement.sql):
        return None
    concurrent = _REINDEX.sub(r"\1 CONCURRENTLY ", statement.sql, count=1)
    return (Phase("rebuild the index while writes go on", (concurrent,), transactional=False),)
