"""SET TABLESPACE copies a whole table while no read and no write passes.

## What it does
Looks for filled tables that get another tablespace.

## Why it matters
The table's file is copied to the other disk under ACCESS EXCLUSIVE, and written to the
write-ahead log on the way.

## Example
    ALTER TABLE orders SET TABLESPACE cold;

## Use instead
    CREATE TABLE orders_cold (LIKE orders INCLUDING ALL) TABLESPACE cold;

filled in steps that commit, and put in place by two renames in one transaction; or pg_repack,
which moves a table online.

## What proves it
The lock and the table's new file are read from the engine, on a twin with tablespaces of
production's names.

## Source
PostgreSQL manual, "ALTER TABLE", SET TABLESPACE.
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
from dbspecialist.rules.migration._columns import altered

TITLE = "Avoid SET TABLESPACE of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each filled table that is copied to another tablespace."""
    for item in trial.differences:
        table = item.after
        if item.before is None or table is None or table.kind != "table":
            continue
        if "tablespace" not in item.changed or run.is_empty(table.name):
            continue
        for statement in trial.statements:
            lock = lock_over(statement, table.name)
            if lock is None or table.name not in statement.rewrites:
                continue
            if table.name not in altered(statement):
                continue
            place = table.attributes.get("tablespace", "the default tablespace")
            yield Finding(
                rule="avoid-set-tablespace",
                severity=by_blocked_time(statement, table.name, run),
                message=(
                    f"Table {table.name} is copied to {place}: {blocks(lock)} wait "
                    f"{blocked_for(statement, table.name, run)} ({lock.mode})"
                ),
                location=at(trial, statement),
                evidence=(
                    lock_evidence(lock),
                    seen(f"writes {table.name} anew: {statement.rewrites[table.name]}"),
                    time_evidence(statement, table.name, run),
                ),
                help="fill a new table in steps and exchange the two by renames, or pg_repack",
                relation=table.name,
            )
