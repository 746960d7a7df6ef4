"""An exclusion constraint can only be built while reads and writes wait.

## What it does
Looks for EXCLUDE constraints that a statement builds on a table that production has rows in.

## Why it matters
ADD EXCLUDE takes ACCESS EXCLUSIVE, builds the index and then looks up every row in it: two passes
during which no query runs. There is no CONCURRENTLY, no NOT VALID and no USING INDEX for it.

## Example
    ALTER TABLE bookings ADD EXCLUDE USING gist (room WITH =, period WITH &&);

## Use instead
A new table with the constraint, to which the rows are copied in batches and which then takes the
old one's name; or a maintenance window with a lock_timeout.

## What proves it
The lock and the index are read from the engine.

## Source
PostgreSQL manual, "ALTER TABLE", on ADD table_constraint_using_index: exclusion constraints
cannot be added that way; "CREATE INDEX", section "Building Indexes Concurrently".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    blocks,
    by_blocked_time,
    lock_evidence,
    seen,
    time_evidence,
)
from dbspecialist.rules.migration._constraints import holder
from dbspecialist.rules.migration._keys import built_keys

TITLE = "Build exclusion constraints on a new table, or in a maintenance window"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each exclusion constraint that is built while reads and writes wait."""
    for statement, change, table, lock in built_keys(trial, run, "exclude"):
        first = holder(trial, statement, table)
        yield Finding(
            rule="build-exclusion-constraints-offline",
            severity=by_blocked_time(first, table, run),
            message=(
                f"Exclusion constraint {change.name} blocks {blocks(lock)} of {change.relation} "
                f"{blocked_for(first, table, run, statement)} ({lock.mode})"
            ),
            location=at(trial, statement),
            evidence=(
                lock_evidence(lock),
                seen(f"builds {change.index} over the rows of {table}"),
                time_evidence(first, table, run),
            ),
            help="copy the rows to a new table that has the constraint, or stop the application",
            relation=change.relation,
        )
