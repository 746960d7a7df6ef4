"""A few statements lock or do otherwise on production's older PostgreSQL than on the twin.

## What it does
Looks for the statements that were seen to do otherwise on an older major than on the twin's, where
the snapshot is of that major, and says what differs. Of 203 DDL statements that were compared 13
do; none locks more, rewrites more or scans more on the older server.

## Why it matters
The report tells what the twin did. On the older server the locks are weaker, and what 18 mends or
refuses is left as it is.

## Example
    ALTER TABLE events ADD UNIQUE (id, at);   -- partitioned, production is 15

## Use instead
Nothing: read the locks of this statement with the difference in mind.

## What proves it
`benchmarks/majors.py` runs the statements on servers of 14 to 18 and compares locks, rewrites,
scans, indexes and errors; the tests require that all differences are listed.

## Source
PostgreSQL release notes of 15 and 18; manual, "Explicit Locking".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.majors import other_effects
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._novelties import older_major

TITLE = "Expect other locks of a few statements on older servers"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that does otherwise on production's major."""
    major = older_major(run)
    for statement in trial.statements if major is not None else ():
        for item in other_effects():
            if major is None or major > item.until or not item.is_of(statement.sql):
                continue
            if item.partitioned and not _partitioned(statement):
                continue
            yield finding(
                severity="info",
                message=f"{item.what} on PostgreSQL {major} {item.then}",
                location=at(trial, statement),
                evidence=(
                    Proof(
                        f"PostgreSQL {major} does what the twin does",
                        "refuted",
                        f"seen on servers of 14 to 18 with {item.statements[0]}",
                    ),
                ),
                help="read the locks of this statement with the difference in mind",
                relation=_first(statement),
            )


def _partitioned(statement: StatementEffects) -> bool:
    return any(lock.kind == "partitioned table" for lock in statement.locks)


def _first(statement: StatementEffects) -> str:
    return statement.locks[0].relation if statement.locks else ""
