"""A renamed table breaks every statement that names it as before.

## What it does
Looks for tables that get another name while nothing bears the old one. Silent where a view, or
another table, has the old name at the end of the migration.

## Why it matters
Old code runs until the deployment is over; each of its statements on the table fails with 42P01
from the moment of the rename.

## Example
    ALTER TABLE users RENAME TO people;

## Use instead
    ALTER TABLE users RENAME TO people;
    CREATE VIEW users AS SELECT * FROM people;

in one transaction; a simple view takes INSERT, UPDATE and DELETE. Drop it with the old code.

## What proves it
The engine names the renamed table; the statements of the workload and of the models are planned
on the twin after the migration; the fix is run on the twin.

## Source
PostgreSQL manual, "ALTER TABLE", RENAME; "CREATE VIEW", section "Updatable Views".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._renames import renamed_tables

TITLE = "Rename tables behind a view of the old name"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each renamed table whose old name is gone."""
    for item in renamed_tables(trial, run, moved=False):
        yield item.finding("becomes", "renames")
