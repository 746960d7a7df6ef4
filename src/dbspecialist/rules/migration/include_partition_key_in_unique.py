"""A unique key of a partitioned table that lacks the partition key is refused.

## What it does
Looks for primary keys and unique constraints that the engine refuses because they leave out a
column of the partition key.

## Why it matters
Each partition keeps its own index, so that the engine can tell uniqueness within a partition
only. The migration stops there with 0A000.

## Example
    ALTER TABLE logs ADD PRIMARY KEY (id);  -- logs is partitioned by range (day)

## Use instead
    ALTER TABLE logs ADD PRIMARY KEY (id, day);

## What proves it
The engine's refusal, which names the column.

## Source
PostgreSQL manual, "Table Partitioning", "Limitations".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Include the partition key in unique keys"
SEVERITY = "error"
ENGINES = ("postgresql",)

NOT_SUPPORTED = "0A000"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each unique key that is refused."""
    for statement in trial.statements:
        error = statement.error
        if error is None or error.sqlstate != NOT_SUPPORTED:
            continue
        if "must include all partitioning columns" not in error.message:
            continue
        yield finding(
            severity="error",
            message=f"The statement fails with {NOT_SUPPORTED}: {error.detail or error.message}",
            location=at(trial, statement),
            evidence=(Proof("the statement runs", "refuted", error.message),),
            help="add the columns of the partition key to the unique key",
        )
