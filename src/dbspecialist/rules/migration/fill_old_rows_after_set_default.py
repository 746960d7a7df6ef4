"""A default set on an old column changes none of the rows that are there.

## What it does
Looks for old columns that get a default while rows hold NULL in them, and the run changes no
row of the table.

## Why it matters
SET DEFAULT is for rows to come. Code that takes the default for granted still meets NULL.

## Example
    ALTER TABLE users ALTER COLUMN locale SET DEFAULT 'en';

## Use instead
    ALTER TABLE users ALTER COLUMN locale SET DEFAULT 'en';
    UPDATE users SET locale = 'en' WHERE locale IS NULL;  -- in steps that each commit

## What proves it
The engine changes no row; the share of NULLs is read from pg_stats.

## Source
PostgreSQL manual, "ALTER TABLE", SET DEFAULT.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import changed_columns, is_serial, part, statistics_of
from dbspecialist.rules.migration._tables import is_filled, rows_of

TITLE = "Fill old rows after a default is set"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column whose old rows keep their NULLs."""
    for item in changed_columns(trial, "default"):
        column, statement = item.column, item.statement
        table = column.parent
        known = statistics_of(run, statement, table, part(column))
        if "default" not in column.attributes:
            continue
        if known is None or known.null_frac <= 0 or is_serial(column):
            continue
        if not is_filled(trial, run, table, statement) or _is_changed(run, table):
            continue
        rows = count(known.null_frac * rows_of(trial, run, table, statement))
        basis = f"null_frac is {known.null_frac:g} in pg_stats, as of the snapshot"
        claim = f"every row of {table} has a value in {part(column)}"
        yield finding(
            severity="info",
            message=f"Column {column.name} gets a default, and about {rows} old rows keep NULL",
            location=at(trial, statement),
            evidence=(seen(f"changes no row of {table}"), Proof(claim, "refuted", basis)),
            help=f"UPDATE {table} where {part(column)} IS NULL, in steps that commit",
            relation=table,
        )


def _is_changed(run: Run, table: str) -> bool:
    return any(
        table in statement.rows_modified for trial in run.trials for statement in trial.statements
    )
