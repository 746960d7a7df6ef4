"""PostgreSQL 14.0 to 14.3 build indexes CONCURRENTLY that miss rows.

## What it does
Looks for CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY on tables that production, a server of
one of these releases, has rows in.

## Why it matters
In these releases a concurrent build ignores rows that HOT pruning has moved meanwhile. Queries that
use the index do not find them, and a unique index lets them be written again.

## Example
    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);  -- on PostgreSQL 14.2

## Use instead
Upgrade to 14.4 or later first, and REINDEX what was built concurrently before.

## What proves it
The server's version is read from the snapshot, the build from the engine.

## Source
PostgreSQL 14.4 release notes, first entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, lock_on, seen

TITLE = "Upgrade PostgreSQL 14.0 to 14.3 before indexes are built concurrently"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: As server_version_num writes them.
FIRST, LAST = 140000, 140003


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each concurrent build on a server whose builds miss rows."""
    version = run.snapshot.server_version if run.snapshot else 0
    if not FIRST <= version <= LAST:
        return
    release = f"14.{version - FIRST}"
    for statement in trial.statements:
        for index, table in statement.index_builds.items():
            lock = lock_on(statement, table)
            if statement.in_transaction or lock is None or "writes" in lock.blocks:
                continue
            if run.at(statement).is_empty(table):
                continue
            yield finding(
                severity="error",
                message=(
                    f"Index {index} on {table} may miss rows: PostgreSQL {release} builds "
                    "CONCURRENTLY without those that are pruned meanwhile"
                ),
                location=at(trial, statement),
                evidence=(
                    seen(f"builds {index} while {table} is written"),
                    Proof(f"{index} holds every row", "unchecked", "the rows decide it"),
                ),
                help="upgrade to 14.4 or later first",
                relation=table,
            )
