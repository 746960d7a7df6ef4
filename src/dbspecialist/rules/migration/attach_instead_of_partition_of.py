"""CREATE TABLE … PARTITION OF stops reads and writes of the whole partitioned table.

## What it does
Looks for partitions that are made under a lock that stops reads and writes of a parent that may
have rows.

## Why it matters
PARTITION OF takes ACCESS EXCLUSIVE on the parent: it waits for every query that runs on any
partition, and every later query waits behind it. ATTACH PARTITION takes SHARE UPDATE EXCLUSIVE
on it, which stops neither.

## Example
    CREATE TABLE logs_may PARTITION OF logs
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## Use instead
    CREATE TABLE logs_may (LIKE logs INCLUDING ALL);
    ALTER TABLE logs ATTACH PARTITION logs_may
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## What proves it
The lock on the parent is read from the engine; the fix is run on the twin and must end in the
same catalogue.

## Source
PostgreSQL manual, "Table Partitioning", "Partition Maintenance".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import QUALIFIED
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, lock_evidence, lock_on, seen
from dbspecialist.rules.migration._partitions import attached
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Attach partitions instead of creating them in place"
SEVERITY = "warning"
ENGINES = ("postgresql",)

_PLAIN = re.compile(
    rf"\s*create\s+table\s+(if\s+not\s+exists\s+)?{QUALIFIED}\s+partition\s+of\s+{QUALIFIED}\s+"
    r"(for\s+values\s.+|default)\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each partition that is made while work on its parent waits."""
    for statement, partition in attached(trial):
        lock = lock_on(statement, partition.parent)
        if lock is None or "reads" not in lock.blocks:
            continue
        if not is_filled(trial, run, partition.parent):
            continue
        yield finding(
            severity="warning",
            message=(
                f"Partition {partition.name} is made in place: reads and writes of all of "
                f"{partition.parent} wait behind it ({lock.mode})"
            ),
            location=at(trial, statement),
            evidence=(lock_evidence(lock), seen(f"makes {partition.name}")),
            help="CREATE TABLE … (LIKE parent INCLUDING ALL), then ATTACH PARTITION",
            relation=partition.parent,
        )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Make the table by itself, and attach it."""
    partitions = [item for one, item in attached(trial) if one is statement]
    if len(partitions) != 1 or not _PLAIN.match(statement.sql):
        return None
    (partition,) = partitions
    name, parent = partition.name, partition.parent
    return (
        Phase(
            "make the table by itself",
            (f"CREATE TABLE {name} (LIKE {parent} INCLUDING ALL)",),
            (f"DROP TABLE {name}",),
        ),
        Phase(
            "attach it",
            (f"ALTER TABLE {parent} ATTACH PARTITION {name} {partition.attributes['bound']}",),
            (f"ALTER TABLE {parent} DETACH PARTITION {name}",),
        ),
    )
