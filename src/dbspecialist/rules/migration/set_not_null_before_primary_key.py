"""PRIMARY KEY USING INDEX on a column that may be NULL reads the whole table first.

## What it does
Looks for primary keys made of an index that was there, on a table that production has rows in,
where the engine still reads the table.

## Why it matters
A primary key's columns are NOT NULL. Where one is not yet, ADD PRIMARY KEY USING INDEX sets it, and
reads every row for NULLs under ACCESS EXCLUSIVE: the index that was built before saves half of the
wait only.

## Example
    CREATE UNIQUE INDEX CONCURRENTLY orders_pkey ON orders (id);
    ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey;

## Use instead
Between the two: ADD CONSTRAINT … CHECK (id IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in a later
transaction, and SET NOT NULL, which the CHECK saves the reading.

## What proves it
The lock and the scan are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", on ADD table_constraint_using_index: "if PRIMARY KEY is specified,
the command will attempt to do ALTER COLUMN SET NOT NULL against each index's column".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._constraints import added, is_sole_addition
from dbspecialist.rules.migration._keys import made_not_null, not_null_steps
from dbspecialist.rules.migration._waits import wait_for_largest

TITLE = "Set columns NOT NULL before an index on them becomes the primary key"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each primary key from an index whose table is read under its lock."""
    for statement in trial.statements:
        for change in added(trial, run, statement, "primary key"):
            wait = wait_for_largest(trial, run, statement, change.relation)
            if wait is None or wait.table in statement.index_builds.values():
                continue
            yield wait.finding(
                f"Primary key {change.name} reads {wait.table} for NULLs: {wait}",
                f"reads {wait.table} from beginning to end",
                "CHECK (… IS NOT NULL) NOT VALID, VALIDATE, SET NOT NULL, and then the key",
                change.relation,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Make the columns NOT NULL by way of a CHECK, then run the statement as it is."""
    found = list(added(trial, run, statement, "primary key"))
    if len(found) != 1 or not is_sole_addition(statement):
        return None
    columns = made_not_null(trial, found[0])
    steps = [step for column in columns for step in not_null_steps(found[0].relation, column)]
    return (*steps, Phase("make the index the primary key", (statement.sql,)))
