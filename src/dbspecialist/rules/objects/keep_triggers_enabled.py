"""A trigger that stays disabled after a migration enforces nothing any more.

## What it does
Looks for triggers that were enabled before a migration and are not after it.

## Why it matters
What the trigger kept (an audit, a derived column, a foreign key with DISABLE TRIGGER ALL) is no
longer kept, and nothing says so.

## Example
    ALTER TABLE orders DISABLE TRIGGER audit;

## Use instead
    ALTER TABLE orders DISABLE TRIGGER audit;
    -- the bulk change
    ALTER TABLE orders ENABLE TRIGGER audit;

## What proves it
The catalogue before and after the migration.

## Source
PostgreSQL manual, "ALTER TABLE": DISABLE TRIGGER.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding

TITLE = "Enable triggers again"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each trigger that a migration leaves disabled."""
    for item in trial.differences:
        if item.before is None or item.after is None or item.object.kind != "trigger":
            continue
        was, is_ = item.before.attributes.get("enabled"), item.after.attributes.get("enabled")
        if was != "disabled" and is_ == "disabled":
            yield finding(
                severity="warning",
                message=f"Trigger {item.object.name} is disabled after the migration",
                location=trial.location(),
                evidence=(
                    Proof(f"{item.object.name} fires", "refuted", "the catalogue on the twin"),
                ),
                help="ENABLE TRIGGER at the end of the same transaction",
                relation=item.object.parent,
            )
