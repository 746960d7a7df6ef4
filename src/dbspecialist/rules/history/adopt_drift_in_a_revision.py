"""Production that differs from what its migrations make was changed by hand.

## What it does
Replays the migrations that production has on an empty database and compares the catalogue with
that of the snapshot, object by object.

## Why it matters
The next migration was written for the schema of the files. What was added by hand is lost when a
database is made anew, and what was dropped by hand makes a migration fail.

## Example
    CREATE INDEX ON orders (user_id);   -- in psql, in the middle of an incident

## Use instead
A revision that does the same, with IF NOT EXISTS where production has it already.

## What proves it
Both catalogues: production's as captured, and the replayed one.

## Source
Alembic documentation, "Auto Generating Migrations"; Flyway documentation, "Check", "Drift".
"""

from __future__ import annotations

from collections.abc import Iterable

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.trial import Run
from dbspecialist.rules.history._drift import Drift

TITLE = "Adopt drift in a revision"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb")


def check_run(run: Run) -> Iterable[Finding]:
    """Yield a finding for each object that production has otherwise than the migrations make it."""
    return Drift(
        location=Location(run.trials[0].migration.path),
        claim="production has {} as the migrations make it",
        basis="the snapshot's catalogue against a replay on an empty twin",
        gone="is made by the migrations and missing in production",
        new="is in production and made by no migration",
        sides=("the migrations", "production"),
        help="write a revision that does what was done by hand",
    ).findings(run.database_drift)
