"""CREATE MATERIALIZED VIEW runs its query to the end inside the migration.

## What it does
Looks for materialised views that a migration creates with their data, from tables that
production has rows in.

## Why it matters
The deployment waits for the query, and the transaction around it holds its locks for as long.

## Example
    CREATE MATERIALIZED VIEW sales AS SELECT ...;

## Use instead
    CREATE MATERIALIZED VIEW sales AS SELECT ... WITH NO DATA;
    -- later, outside of the deployment
    REFRESH MATERIALIZED VIEW sales;

## What proves it
The view's query is seen to read the tables.

## Source
PostgreSQL manual, "CREATE MATERIALIZED VIEW".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen

TITLE = "Fill materialised views after the deployment"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each materialised view that is filled from filled tables."""
    for statement in trial.statements:
        made = [name for _, kind, name in statement.creates if kind == "materialized view"]
        read = [name for name in statement.scans if not run.at(statement).is_empty(name)]
        for view in made:
            if read:
                largest = max(read, key=run.at(statement).rows)
                yield finding(
                    severity="info",
                    message=(
                        f"Materialised view {view} is filled from {largest} "
                        f"({count(run.at(statement).rows(largest))} rows) inside the migration"
                    ),
                    location=at(trial, statement),
                    evidence=(seen(f"reads {largest} while {view} is created"),),
                    help="WITH NO DATA, and REFRESH after the deployment",
                    relation=view,
                )
