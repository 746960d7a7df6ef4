"""A primary key that builds its own index stops reads and writes while it does.

## What it does
Looks for primary keys whose index is built by the same statement on a table that production has
rows in.

## Why it matters
ADD PRIMARY KEY takes ACCESS EXCLUSIVE, reads the table for NULLs where its columns may hold any,
and builds the index: no query runs until it is done. On a column that is NOT NULL already, an
index built with CREATE UNIQUE INDEX CONCURRENTLY becomes the key in a moment.

## Example
    ALTER TABLE orders ADD PRIMARY KEY (id);

## Use instead
    CREATE UNIQUE INDEX CONCURRENTLY orders_pkey ON orders (id);
    ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey;

on a column that was made NOT NULL before, by way of a CHECK that was added NOT VALID and validated.

## What proves it
The lock, the index and the scan are read from the engine; the fix is run on the twin and must end
in the same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", on ADD table_constraint_using_index and on SET NOT NULL.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._constraints import added, is_sole_addition
from dbspecialist.rules.migration._keys import (
    built_under_a_lock,
    made_not_null,
    not_null_steps,
    using_index,
)

TITLE = "Add primary keys with an index built before"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each primary key whose index is built while reads and writes wait."""
    help_ = "ADD CONSTRAINT … PRIMARY KEY USING INDEX, after CREATE UNIQUE INDEX CONCURRENTLY"
    yield from built_under_a_lock(trial, run, "primary key", "Primary key", help_)


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Make the columns NOT NULL, build the index concurrently and make it the key."""
    found = list(added(trial, run, statement, "primary key"))
    if len(found) != 1 or not is_sole_addition(statement):
        return None
    last = using_index(trial, found[0])
    columns = made_not_null(trial, found[0])
    steps = [step for column in columns for step in not_null_steps(found[0].relation, column)]
    return (*steps, *last) if last else None
