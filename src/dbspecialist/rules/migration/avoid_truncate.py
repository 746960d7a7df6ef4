"""TRUNCATE in a migration takes every row, under a lock that stops reads and writes.

## What it does
Looks for tables that a statement names and empties, and counts their rows in production.

## Why it matters
The rows are gone at once, no trigger for rows fires, and no downgrade brings them back.

## Example
    TRUNCATE sessions;

## Use instead
    DELETE FROM sessions WHERE expires_at < now();

in steps that each commit, for the rows that may go.

## What proves it
The engine replaces the table's file under ACCESS EXCLUSIVE; the rows are production's count as
of the snapshot.

## Source
PostgreSQL manual, "TRUNCATE".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._truncates import losses

TITLE = "Avoid TRUNCATE of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is named and emptied."""
    for item in losses(trial, run, named=True):
        yield item.finding(
            f"Table {item.table} is emptied of {item.rows} (AccessExclusiveLock)",
            "DELETE the rows that may go, in steps that commit",
        )
