"""ATTACH PARTITION builds the indexes that the partition lacks while no read of it passes.

## What it does
Looks for indexes that are built on a table with rows because it is attached as a partition.

## Why it matters
A partition has every index of its parent. What it lacks is built by ATTACH PARTITION, under ACCESS
EXCLUSIVE on the table and on the DEFAULT partition: reads and writes of both wait. An index with
the same definition that is there already is taken instead.

## Example
    CREATE INDEX ON logs (user_id);
    ALTER TABLE logs ATTACH PARTITION logs_may
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## Use instead
    CREATE INDEX CONCURRENTLY logs_may_user_id_idx ON logs_may (user_id);
    ALTER TABLE logs ATTACH PARTITION logs_may
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## What proves it
The lock and the indexes are read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", ATTACH PARTITION.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import last
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._indexes import concurrently
from dbspecialist.rules.migration._partitions import attached
from dbspecialist.rules.migration._waits import wait_for_first

TITLE = "Build a partition's indexes before it is attached"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that gets indexes by becoming a partition."""
    for statement, partition in attached(trial):
        built_on = statement.index_builds.values()
        wait = wait_for_first(trial, run, statement, partition.name, built_on)
        if wait is None:
            continue
        names = [name for name, of in statement.index_builds.items() if of == wait.table]
        told = ", ".join(names)
        yield wait.finding(
            f"ATTACH PARTITION builds {told} on {wait.table}: {wait}",
            f"builds {told} over the rows of {wait.table}",
            f"build it on {wait.table} with CONCURRENTLY first, which ATTACH PARTITION then takes",
        )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Build the indexes concurrently, then attach the table that has them."""
    made = [_plain_index(trial, name) for name in statement.index_builds]
    indexes = [item for item in made if item is not None]
    if not indexes or len(indexes) < len(made):
        return None  # the index of a constraint comes with the constraint
    return (
        Phase(
            "build the indexes while reads and writes go on",
            tuple(concurrently(item.attributes["definition"]) for item in indexes),
            tuple(f"DROP INDEX CONCURRENTLY {item.name}" for item in indexes),
            transactional=False,
        ),
        Phase("attach the partition, which has them", (statement.sql.strip().rstrip(";"),)),
    )


def _plain_index(trial: Trial, name: str) -> SchemaObject | None:
    """Return a new index that is no constraint's."""
    index = trial.after.get("index", name)
    if index is None or index.attributes.get("constraint"):
        return None
    table, own = index.parent, last(name)
    return None if trial.after.get("constraint", f"{table}.{own}") else index
