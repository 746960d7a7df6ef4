"""A table moved to another schema is gone for statements that name it as before.

## What it does
Looks for tables that get another schema, by SET SCHEMA or by a renamed schema, while nothing
bears the old name.

## Why it matters
Old code names the table with its schema, or finds it by a search_path that does not hold the new
one: each statement fails with 42P01 from the moment of the move.

## Example
    ALTER TABLE users SET SCHEMA accounts;

## Use instead
    ALTER TABLE users SET SCHEMA accounts;
    CREATE VIEW public.users AS SELECT * FROM accounts.users;

in one transaction. Drop the view with the old code.

## What proves it
The engine names the moved table; the statements of the workload and of the models are planned
on the twin after the migration.

## Source
PostgreSQL manual, "ALTER TABLE", SET SCHEMA; "ALTER SCHEMA"; "The Schema Search Path".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._renames import renamed_tables

TITLE = "Move tables to another schema behind a view"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each moved table whose old name is gone."""
    for item in renamed_tables(trial, run, moved=True):
        yield item.finding("moves to", "moves")
