"""SET LOGGED and SET UNLOGGED write the whole table anew.

## What it does
Looks for tables that are rewritten because their persistence changes.

## Why it matters
Every row and index is written again under ACCESS EXCLUSIVE, with SET LOGGED to the write-ahead
log too: no read and no write passes. An unlogged table is empty after a crash and on a standby.

## Example
    ALTER TABLE events SET LOGGED;

## Use instead
    CREATE TABLE events_logged (LIKE events INCLUDING ALL);

filled in steps that commit, and put in place by two renames in one transaction.

## What proves it
The engine reports the rewrite and its reason.

## Source
PostgreSQL manual, "ALTER TABLE", SET LOGGED.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._rewrites import rewrite_finding
from dbspecialist.rules.migration._tables import rewritten

TITLE = "Keep the persistence of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)

REASON = "its persistence changes"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each filled table whose persistence changes."""
    for statement in trial.statements:
        for table, leaf in rewritten(trial, statement, run, REASON):
            yield rewrite_finding(
                trial,
                run,
                statement,
                (table, leaf),
                subject=f"Table {table} is written anew as {REASON}",
                reason=REASON,
                help="fill a new table in steps and exchange the two by renames",
            )
