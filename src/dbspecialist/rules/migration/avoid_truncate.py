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
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._tables import knows, rows_of
from dbspecialist.rules.migration._truncates import emptied

TITLE = "Avoid TRUNCATE of filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is named and emptied."""
    for statement in trial.statements:
        for table, named in emptied(trial, statement, run):
            if not named:
                continue
            known = knows(trial, run, table)
            rows = f"about {count(rows_of(trial, run, table))} rows" if known else "its rows"
            verdict = Proof(
                f"{table} has no rows to lose",
                "refuted" if known else "unchecked",
                f"{rows} as of the snapshot" if known else "the snapshot has no size for it",
            )
            yield Finding(
                rule="avoid-truncate",
                severity="error" if known else "warning",
                message=f"Table {table} is emptied of {rows} (AccessExclusiveLock)",
                location=at(trial, statement),
                evidence=(seen(f"replaces the file of {table} by an empty one"), verdict),
                help="DELETE the rows that may go, in steps that commit",
                relation=table,
            )
