"""A UNIQUE constraint that builds its own index stops reads and writes while it does.

## What it does
Looks for UNIQUE constraints whose index is built by the same statement on a table that production
has rows in.

## Why it matters
ADD UNIQUE takes ACCESS EXCLUSIVE and builds the index under it: no query runs until it is done. An
index built with CREATE UNIQUE INDEX CONCURRENTLY becomes the constraint in a moment with USING
INDEX.

## Example
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);

## Use instead
    CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;

## What proves it
The lock and the index are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", on ADD table_constraint_using_index.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._constraints import added, is_sole_addition
from dbspecialist.rules.migration._keys import built_under_a_lock, using_index

TITLE = "Add UNIQUE constraints with an index built before"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each UNIQUE whose index is built while reads and writes wait."""
    help_ = "ADD CONSTRAINT … UNIQUE USING INDEX, after CREATE UNIQUE INDEX CONCURRENTLY"
    yield from built_under_a_lock(trial, run, "unique", "Constraint", help_)


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Build the index concurrently and make it the constraint."""
    found = list(added(trial, run, statement, "unique"))
    if len(found) != 1 or not is_sole_addition(statement):
        return None
    return using_index(trial, found[0])
