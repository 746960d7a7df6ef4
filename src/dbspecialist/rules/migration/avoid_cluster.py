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
from dbspecialist.rules.findings import Wait
from dbspecialist.rules.judging import lock_over

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
            if lock is None or run.at(statement).is_empty(table):
                continue
            wait = Wait(trial, run, statement, table, lock)
            yield wait.finding(
                f"Table {table} is written anew by CLUSTER: {wait}",
                f"writes {table} anew",
                "an index that serves the order, or pg_repack",
            )
