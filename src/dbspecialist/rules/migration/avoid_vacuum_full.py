"""VACUUM FULL writes a whole table anew while no read and no write passes.

## What it does
Looks for tables that VACUUM FULL rewrites and production has rows in.

## Why it matters
The table and its indexes are written again under ACCESS EXCLUSIVE, and twice the disk space is
needed meanwhile. Written in a migration, it runs at deployment, when it is least wanted.

## Example
    VACUUM FULL orders;

## Use instead
    VACUUM orders;

which frees space inside of the table while reads and writes go on; to give it back to the
system online, pg_repack.

## What proves it
The lock and the table's new file are read from the engine.

## Source
PostgreSQL manual, "VACUUM"; "Routine Vacuuming".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import Wait
from dbspecialist.rules.judging import lock_on

TITLE = "Avoid VACUUM FULL of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each filled table that VACUUM FULL writes anew."""
    for statement in trial.statements:
        if "VACUUM" not in statement.tags:
            continue
        for table in statement.rewrites:
            lock = lock_on(statement, table)
            if lock is None or run.at(statement).is_empty(table):
                continue
            wait = Wait(trial, run, statement, table, lock)
            yield wait.finding(
                f"Table {table} is written anew by VACUUM FULL: {wait}",
                f"writes {table} anew",
                "VACUUM without FULL, or pg_repack",
            )
