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

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Difference
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run

TITLE = "Adopt drift in a revision"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check_run(run: Run) -> Iterator[Finding]:
    """Yield a finding for each object that production has otherwise than the migrations make it."""
    whole = {item.object.name for item in run.database_drift if item.object.kind == "table"}
    for item in run.database_drift:
        if item.object.parent not in whole:
            yield _finding(item, run)


def _finding(item: Difference, run: Run) -> Finding:
    name = f"{item.object.kind} {item.object.name}"
    return Finding(
        rule="adopt-drift-in-a-revision",
        severity="warning",
        message=f"{name[0].upper()}{name[1:]} {_told(item)}",
        location=Location(run.trials[0].migration.path),
        evidence=(
            Proof(
                f"production has {name} as the migrations make it",
                "refuted",
                "the snapshot's catalogue against a replay on an empty twin",
            ),
        ),
        help="write a revision that does what was done by hand",
        relation=item.object.parent or item.object.name,
    )


def _told(item: Difference) -> str:
    if item.after is None:
        return "is made by the migrations and missing in production"
    if item.before is None:
        return "is in production and made by no migration"
    old, new = item.before.attributes, item.after.attributes
    parts = [f"{key} is {old.get(key)!r} and {new.get(key)!r}" for key in item.changed]
    return f"differs between the migrations and production: {'; '.join(parts)}"
