"""CLUSTER writes a whole table anew while no read and no write passes.

## What it does
Looks for tables that CLUSTER rewrites and production has rows in.

## Why it matters
The table and its indexes are written again under ACCESS EXCLUSIVE, and twice the disk space is
needed meanwhile. Written in a migration, it runs at deployment, when it is least wanted.

## Example
    CLUSTER orders USING orders_pkey;

## Use instead
    SELECT … ORDER BY …;

with an index that serves the order; to sort a table online, pg_repack.

## What proves it
The lock and the table's new file are read from the engine.

## Source
PostgreSQL manual, "CLUSTER"; "Routine Vacuuming".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    lock_evidence,
    lock_over,
    seen,
    time_evidence,
)

TITLE = "Avoid CLUSTER of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each filled table that CLUSTER writes anew."""
    for statement in trial.statements:
        if "CLUSTER" not in statement.tags:
            continue
        for table in statement.rewrites:
            lock = lock_over(statement, table)
            if lock is None or run.is_empty(table):
                continue
            yield Finding(
                rule="avoid-cluster",
                severity=by_blocked_time(statement, table, run),
                message=(
                    f"Table {table} is written anew by CLUSTER: {blocks(lock)} wait "
                    f"{blocked_for(statement, table, run)} ({lock.mode})"
                ),
                location=at(trial, statement),
                evidence=(
                    lock_evidence(lock),
                    seen(f"writes {table} anew"),
                    time_evidence(statement, table, run),
                ),
                help="an index that serves the order, or pg_repack",
                relation=table,
            )
