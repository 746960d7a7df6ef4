"""A dropped column's values are gone, and no downgrade brings them back.

## What it does
Counts the values that a dropped column holds in production, from its share of NULLs. Silent
where all are NULL, where the table is empty, and where the run copies rows to a new column first.

## Why it matters
DROP COLUMN asks nothing. A downgrade that adds the column again adds it empty.

## Example
    ALTER TABLE users DROP COLUMN nickname;

## Use instead
    CREATE TABLE users_nickname_kept AS SELECT id, nickname FROM users WHERE nickname IS NOT NULL;
    ALTER TABLE users DROP COLUMN nickname;

or stop writing the column, and drop it once nobody misses it.

## What proves it
The share of NULLs in pg_stats and the table's row count, as of the snapshot.

## Source
PostgreSQL manual, "pg_stats"; "ALTER TABLE", DROP COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._drops import dropped_columns, is_copied, loss, successor

TITLE = "Count what a dropped column loses"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each dropped column with values."""
    for statement, column in dropped_columns(trial, run):
        lost = loss(trial, run, column)
        if lost is None or successor(trial, column) or is_copied(run, trial, statement, column):
            continue
        if "generated" in column.attributes:
            continue
        severity, told, proof = lost
        yield Finding(
            rule="count-what-a-dropped-column-loses",
            severity=severity,
            message=f"Column {column.name} goes with {told}",
            location=at(trial, statement),
            evidence=(seen(f"drops {column.name}"), proof),
            help="keep a copy of the values, or drop the column once nobody misses them",
            relation=column.parent,
        )
