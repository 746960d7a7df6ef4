"""A migration that fails stays half-way: what its earlier statements did is committed.

## What it does
Looks for migrations with a statement that the engine refuses, on the empty twin or on sample rows,
behind statements that changed the schema.

## Why it matters
DDL commits by itself, and no ROLLBACK takes it back, whatever transaction the toolchain puts around
a migration. The schema is then neither the old nor the new one: the application runs on what nobody
has tried, and the migration cannot be run again, since its first statements now fail.

## Example
    ALTER TABLE orders ADD COLUMN note VARCHAR(50);
    ALTER TABLE orders ADD CONSTRAINT positive CHECK (totl > 0);

## Use instead
Two migrations of one statement each, with IF NOT EXISTS where the engine has it (MariaDB), so that
they can be run again.

## What proves it
The statements are run on the twin in the toolchain's transaction, rolled back at the refusal, and
the catalogue is compared with the one before.

## Source
MySQL manual, "Statements That Cause an Implicit Commit"; MariaDB documentation, "SQL statements
That Cause an Implicit Commit".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Difference
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Write one DDL statement a migration"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

#: Differences that a message names.
NAMED = 3


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for a migration that stops half-way."""
    refused = next((item for item in trial.statements if item.error), None)
    if refused is None or not trial.differences or (refused.error and refused.error.stopped):
        return
    kept = [item for item in trial.differences if item.object.kind in {"table", "column", "index"}]
    named = "; ".join(_told(item) for item in (kept or list(trial.differences))[:NAMED])
    more = len(trial.differences) - NAMED
    text = f"{named}; and {more} more" if more > 0 else named
    yield finding(
        severity="error",
        message=(
            f"Migration {trial.migration.revision} stops half-way"
            f"{_rolled_back(trial, refused)} and leaves: {text}"
        ),
        location=at(trial, refused),
        evidence=(
            Proof(
                "a migration that fails leaves the schema as it was",
                "refuted",
                f"run and rolled back on the twin, it leaves {text}",
            ),
        ),
        help="put each DDL statement into a migration of its own",
        relation=trial.differences[0].object.parent or trial.differences[0].object.name,
    )


def _rolled_back(trial: Trial, refused: StatementEffects) -> str:
    return ", its ROLLBACK notwithstanding," if trial.migration.transactional else ""


def _told(item: Difference) -> str:
    verb = "made" if item.before is None else "gone" if item.after is None else "changed"
    return f"{item.object.kind} {item.object.name} {verb}"
