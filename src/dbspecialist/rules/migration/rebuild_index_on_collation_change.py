"""A change of collation or operator class builds the column's indexes anew under a lock.

## What it does
Looks for indexes that ALTER TABLE … TYPE builds again though the table itself is not rewritten.

## Why it matters
The build holds ACCESS EXCLUSIVE: no read and no write passes until the last row is sorted by
the new rules.

## Example
    ALTER TABLE users ALTER COLUMN name TYPE text COLLATE "C";

## Use instead
    DROP INDEX CONCURRENTLY users_name_idx;
    ALTER TABLE users ALTER COLUMN name TYPE text COLLATE "C";
    CREATE INDEX CONCURRENTLY users_name_idx ON users (name);

with queries on the column slower in between; or a second column with an index of its own.

## What proves it
The index's file is seen to be new after the statement; the fix is run on the twin.

## Source
PostgreSQL manual, "ALTER TABLE", section "Notes"; "Collation Support".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    by_blocked_time,
    lock_evidence,
    lock_over,
    seen,
    time_evidence,
)
from dbspecialist.rules.migration._columns import changed_columns
from dbspecialist.rules.migration._tables import family_then, first_filled

TITLE = "Rebuild indexes apart from a change of collation"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column whose new type or collation builds indexes anew."""
    for statement, column, indexes in _rebuilt(trial):
        on = {statement.index_builds[index] for index in indexes}
        table = first_filled(trial, run, column.parent, on, statement)
        lock = lock_over(statement, table) if table else None
        if table is None or lock is None:
            continue
        yield finding(
            severity=by_blocked_time(statement, table, run),
            message=(
                f"Column {column.name} rebuilds {', '.join(indexes)}: reads and writes of {table} "
                f"wait {blocked_for(statement, table, run)} ({lock.mode})"
            ),
            location=at(trial, statement),
            evidence=(
                lock_evidence(lock),
                *(seen(f"builds {index} anew") for index in indexes),
                time_evidence(statement, table, run),
            ),
            help="drop the index before and build it CONCURRENTLY after, or use a second column",
            relation=table,
        )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Take the indexes away before the change and build them concurrently after it."""
    found = [indexes for item, _, indexes in _rebuilt(trial) if item is statement]
    rebuilt = [trial.after.get("index", name) for indexes in found for name in indexes]
    indexes = [item for item in rebuilt if item is not None]
    # The index of a partition belongs to its parent's and cannot be dropped by itself.
    if any({"constraint", "attached_to"} & item.attributes.keys() for item in indexes):
        return None
    if not indexes:
        return None
    drops = tuple(f"DROP INDEX CONCURRENTLY {item.name}" for item in indexes)
    builds = tuple(
        item.attributes["definition"].replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
        for item in indexes
    )
    return (
        Phase("drop the indexes of the column", drops, transactional=False),
        Phase("change the column", (statement.sql.strip().rstrip(";"),)),
        Phase("build the indexes while reads and writes go on", builds, transactional=False),
    )


def _rebuilt(trial: Trial) -> Iterator[tuple[StatementEffects, SchemaObject, list[str]]]:
    for item in changed_columns(trial, "type", "collation"):
        column, statement = item.column, item.statement
        tables = set(family_then(trial, column.parent, statement))
        if tables & statement.rewrites.keys():
            continue
        indexes = [name for name, on in statement.index_builds.items() if on in tables]
        if indexes:
            yield statement, column, sorted(indexes)
