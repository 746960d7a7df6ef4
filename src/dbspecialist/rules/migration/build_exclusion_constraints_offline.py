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
from dbspecialist.rules.migration._keys import built_keys

TITLE = "Build exclusion constraints on a new table, or in a maintenance window"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each exclusion constraint that is built while reads and writes wait."""
    for change, wait in built_keys(trial, run, "exclude"):
        yield wait.finding(
            f"Exclusion constraint {change.name} blocks {wait.who} of {change.relation} "
            f"{wait.long}",
            f"builds {change.index} over the rows of {wait.table}",
            "copy the rows to a new table that has the constraint, or stop the application",
            change.relation,
        )
