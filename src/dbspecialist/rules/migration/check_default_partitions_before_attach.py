"""A new partition makes the engine read the DEFAULT partition under a lock.

## What it does
Looks for DEFAULT partitions that are read from beginning to end because a partition is added
beside them.

## Why it matters
The engine looks whether a row in the DEFAULT partition belongs to the new one, under ACCESS
EXCLUSIVE. A valid CHECK that rules the new bound out saves it the look.

## Example
    CREATE TABLE logs_may PARTITION OF logs
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## Use instead
    ALTER TABLE logs_rest ADD CONSTRAINT not_may CHECK
        (day < '2026-05-01' OR day >= '2026-06-01') NOT VALID;
    ALTER TABLE logs_rest VALIDATE CONSTRAINT not_may;

then add the partition, then DROP CONSTRAINT.

## What proves it
The lock and the scan are read from the engine; the fix is run on the twin.

## Source
PostgreSQL manual, "Table Partitioning", "Partition Maintenance"; "ALTER TABLE".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import last
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._data_fit import is_refused, with_bound
from dbspecialist.rules.migration._partitions import attached, bound_as_check, default_partition
from dbspecialist.rules.migration._sequences import constraint_name
from dbspecialist.rules.migration._waits import wait_for_first

TITLE = "Check the DEFAULT partition before one is added"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each DEFAULT partition that is searched while work waits."""
    for statement, partition in attached(trial):
        default = default_partition(trial.before, partition.parent)
        if default is None or default == partition.name:
            continue
        wait = wait_for_first(trial, run, statement, default, statement.scans)
        if wait is None:
            continue
        found = wait.finding(
            f"DEFAULT partition {wait.table} is searched for rows of {partition.name}: {wait}",
            f"reads {wait.table} from beginning to end",
            "rule the new bound out by a validated check on the DEFAULT partition first",
        )
        yield with_bound(found, run, trial, partition.name, wait.table)


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Rule the new bound out of the DEFAULT partition by a validated check first."""
    partitions = [item for one, item in attached(trial) if one is statement]
    if len(partitions) != 1 or is_refused(run, trial, partitions[0].name):
        return None
    condition = bound_as_check(trial.after, partitions[0])
    default = default_partition(trial.before, partitions[0].parent)
    if condition is None or default is None:
        return None
    name = constraint_name(default, last(partitions[0].name), "check")
    drop = f"ALTER TABLE {default} DROP CONSTRAINT {name}"
    add = f"ALTER TABLE {default} ADD CONSTRAINT {name} CHECK (NOT ({condition})) NOT VALID"
    return (
        Phase("rule the bound out for new rows", (add,), (drop,)),
        Phase("check the old rows", (f"ALTER TABLE {default} VALIDATE CONSTRAINT {name}",)),
        Phase("add the partition", (statement.sql.strip().rstrip(";"), drop)),
    )
