"""DETACH PARTITION without CONCURRENTLY stops reads and writes of the whole partitioned table.

## What it does
Looks for partitions that are detached, or dropped, under a lock that stops reads and writes of
their parent, where it may have rows.

## Why it matters
The lock is held for a moment, but it waits for every query that runs on any partition, and every
later query waits behind it.

## Example
    ALTER TABLE logs DETACH PARTITION logs_may;

## Use instead
    ALTER TABLE logs DETACH PARTITION logs_may CONCURRENTLY;

outside of a transaction; not possible beside a DEFAULT partition. If it is stopped on its way,
DETACH PARTITION … FINALIZE ends it.

## What proves it
The lock on the parent is read from the engine; the fix is run on the twin.

## Source
PostgreSQL manual, "ALTER TABLE", DETACH PARTITION.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import QUALIFIED
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, lock_evidence, lock_on, seen
from dbspecialist.rules.migration._partitions import default_partition, statement_of
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Detach partitions with CONCURRENTLY"
SEVERITY = "warning"
ENGINES = ("postgresql",)

_DETACH = re.compile(rf"\bDETACH\s+PARTITION\s+{QUALIFIED}\s*;?\s*$", re.IGNORECASE)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each partition that goes while work on its parent waits."""
    for statement, partition in _gone(trial):
        parent = partition.parent
        lock = lock_on(statement, parent)
        if lock is None or "reads" not in lock.blocks:
            continue
        if not is_filled(trial, run, parent, statement):
            continue
        if f"table {parent}" in statement.drops:
            continue
        dropped = f"table {partition.name}" in statement.drops
        yield finding(
            severity="warning",
            message=(
                f"Partition {partition.name} is {'dropped' if dropped else 'detached'}: reads "
                f"and writes of all of {parent} wait behind it ({lock.mode})"
            ),
            location=at(trial, statement),
            evidence=(lock_evidence(lock), seen(f"takes {partition.name} from {parent}")),
            help="DETACH PARTITION … CONCURRENTLY, outside of a transaction, before any DROP",
            relation=parent,
        )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Detach the partition concurrently, and drop the check that the engine leaves behind."""
    partitions = [item for one, item in _gone(trial) if one is statement]
    if len(partitions) != 1:
        return None
    (partition,) = partitions
    if default_partition(trial.before, partition.parent):
        return None
    concurrent = f"ALTER TABLE {partition.parent} DETACH PARTITION {partition.name} CONCURRENTLY"
    if f"table {partition.name}" in statement.drops:
        last = statement.sql.strip().rstrip(";")
    elif _DETACH.search(statement.sql):
        last = ""
    else:
        return None
    detach = Phase("detach the partition", (concurrent,), transactional=False)
    if not last:
        return (detach, Phase("drop the check that tells the old bound", (_drop_check(partition),)))
    return (detach, Phase("drop the table", (last,)))


def _drop_check(partition: SchemaObject) -> str:
    """Write the drop of the CHECK that DETACH CONCURRENTLY adds, whose name the engine chooses.

    It is the newest constraint of the table.
    """
    literal = partition.name.replace("'", "''")
    return (
        "DO $$ DECLARE name text; BEGIN "
        "SELECT quote_ident(conname) INTO name FROM pg_constraint "
        f"WHERE conrelid = '{literal}'::regclass AND contype = 'c' ORDER BY oid DESC LIMIT 1; "
        f"IF name IS NOT NULL THEN EXECUTE 'ALTER TABLE {literal} DROP CONSTRAINT ' || name; "
        "END IF; END $$"
    )


def _gone(trial: Trial) -> Iterator[tuple[StatementEffects, SchemaObject]]:
    for item in trial.differences:
        old = item.before
        if old is None or old.kind != "partition" or item.after is not None:
            continue
        for statement in trial.statements:
            if f"table {old.name}" in statement.drops:
                yield statement, old
                break
        else:
            found = statement_of(trial, old)
            if found is not None:
                yield found, old
