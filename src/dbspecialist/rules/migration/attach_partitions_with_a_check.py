"""ATTACH PARTITION reads the whole new partition while no read and no write of it passes.

## What it does
Looks for tables that are attached as partitions and read from beginning to end for it.

## Why it matters
The engine looks whether every row is within the bound, under ACCESS EXCLUSIVE on the table. A
valid CHECK that says as much saves it the look.

## Example
    ALTER TABLE logs ATTACH PARTITION logs_may
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## Use instead
    ALTER TABLE logs_may ADD CONSTRAINT may CHECK
        (day IS NOT NULL AND day >= '2026-05-01' AND day < '2026-06-01') NOT VALID;
    ALTER TABLE logs_may VALIDATE CONSTRAINT may;

then ATTACH PARTITION, then DROP CONSTRAINT.

## What proves it
The lock and the scan are read from the engine; with a matching CHECK it shows no scan. The fix
is run on the twin.

## Source
PostgreSQL manual, "ALTER TABLE", ATTACH PARTITION.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._data_fit import is_refused, with_bound
from dbspecialist.rules.migration._partitions import attached, bound_as_check
from dbspecialist.rules.migration._sequences import constraint_name
from dbspecialist.rules.migration._waits import wait_for_first

TITLE = "Attach partitions behind a validated check"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is searched before it becomes a partition."""
    for statement, partition in attached(trial):
        # A scan for an index is another rule's.
        searched = [name for name in statement.scans if name not in statement.read_by_builds]
        wait = wait_for_first(trial, run, statement, partition.name, searched)
        if wait is None:
            continue
        found = wait.finding(
            f"Table {wait.table} is searched for rows outside of its bound: {wait}",
            f"reads {wait.table} from beginning to end",
            "add the bound as a NOT VALID check, validate it, attach, drop the check",
        )
        yield with_bound(found, run, trial, partition.name, wait.table)


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Put the bound as a validated check before the attaching."""
    partitions = [item for one, item in attached(trial) if one is statement]
    if len(partitions) != 1 or is_refused(run, trial, partitions[0].name):
        return None
    condition = bound_as_check(trial.after, partitions[0])
    if condition is None:
        return None
    table = partitions[0].name
    name = constraint_name(table, "bound", "check")
    drop = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
    return (
        Phase(
            "say the bound as a check for new rows",
            (f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID",),
            (drop,),
        ),
        Phase("check the old rows", (f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",)),
        Phase("attach the partition", (statement.sql.strip().rstrip(";"), drop)),
    )
