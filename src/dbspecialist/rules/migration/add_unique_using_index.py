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
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    concurrently_help,
    lock_evidence,
    seen,
    time_evidence,
)
from dbspecialist.rules.migration._constraints import added, holder, is_sole_addition
from dbspecialist.rules.migration._keys import built_keys, using_index

TITLE = "Add UNIQUE constraints with an index built before"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each UNIQUE whose index is built while reads and writes wait."""
    for statement, change, table, lock in built_keys(trial, run, "unique"):
        first = holder(trial, statement, table)
        yield Finding(
            rule="add-unique-using-index",
            severity=by_blocked_time(first, table, run),
            message=(
                f"Constraint {change.name} blocks {blocks(lock)} of {change.relation} while its "
                f"index is built, {blocked_for(first, table, run, statement)} ({lock.mode})"
            ),
            location=at(trial, statement),
            evidence=(
                lock_evidence(lock),
                seen(f"builds {change.index} over the rows of {table}"),
                time_evidence(first, table, run),
            ),
            help=concurrently_help(
                trial,
                statement,
                "ADD CONSTRAINT … UNIQUE USING INDEX, after CREATE UNIQUE INDEX CONCURRENTLY",
            ),
            relation=change.relation,
        )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Build the index concurrently and make it the constraint."""
    found = list(added(trial, run, statement, "unique"))
    if len(found) != 1 or not is_sole_addition(statement):
        return None
    return using_index(trial, found[0])
