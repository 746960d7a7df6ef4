"""A migration that was edited after it ran says something else than what was done.

## What it does
Reports migrations that production has and whose file has changed: by the checksum in the version
table (Flyway, Prisma), or since the git base (`--base`).

## Why it matters
Databases that ran the old text and those that run the new one differ, and nothing says so. Flyway
and Prisma refuse to go on.

## Example
    -- V1__users.sql, changed after it was deployed

## Use instead
A new migration that does what the edit wanted.

## What proves it
The checksum in the snapshot against that of the file, or git.

## Source
Flyway documentation, "Validate"; Prisma documentation, "Migration histories".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run
from dbspecialist.rules.findings import finding

TITLE = "Leave applied migrations alone"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check_run(run: Run) -> Iterator[Finding]:
    """Yield a finding for each applied migration whose file has changed."""
    for migration in run.edited:
        yield finding(
            severity="error",
            message=f"Migration {migration.revision} was edited after it was applied",
            location=Location(migration.path),
            evidence=(
                Proof(f"{migration.path} is what was run", "refuted", "its text has changed since"),
            ),
            help="restore its text, and write a new migration",
        )
