"""A history that does not run from zero cannot make the next database.

## What it does
Runs all migrations in order on an empty database, and reports the one that stops.

## Why it matters
New environments, tests and disaster recovery start from zero. A history that leans on something
that was once done by hand works on the old databases alone.

## Example
    -- the first file
    ALTER TABLE users ADD COLUMN note text;   -- and no file creates users

## Use instead
A first migration that creates what the others take for granted, or a baseline.

## What proves it
The replay on an empty twin.

## Source
Flyway documentation, "Baseline Migrations"; Alembic documentation, "Building an Up to Date
Database from Scratch".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.trial import Run
from dbspecialist.rules.findings import finding

TITLE = "Keep the history replayable from zero"
SEVERITY = "warning"
ENGINES = ("postgresql",)

CLAIM = "the history replays from zero"


def check_run(run: Run) -> Iterator[Finding]:
    """Yield a finding where the replay from zero stopped at a migration that production has."""
    ran = {trial.migration.revision for trial in run.trials if trial.failure or _failed(trial)}
    for proof in run.history:
        if proof.claim != CLAIM or proof.verdict != "refuted":
            continue
        if not any(f"revision {revision} " in proof.basis for revision in ran):
            yield finding(
                severity="warning",
                message=f"The history does not run on an empty database: {proof.basis}",
                location=Location(run.trials[0].migration.path),
                evidence=(proof,),
                help="add what the revision takes for granted, or start from a baseline",
            )


def _failed(trial: object) -> bool:
    """Tell whether a pending migration fails anyway, which is another finding."""
    refused = any(item.error for item in getattr(trial, "statements", ()))
    return refused or getattr(trial, "needs_rows", None) is not None
