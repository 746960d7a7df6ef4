"""A downgrade that fails leaves no way back at the moment it is needed.

## What it does
Runs each downgrade after its upgrade, on a twin with a few rows in every table, and reports
those that the engine refuses or that raise.

## Why it matters
A way back is run when something has gone wrong. One that adds a NOT NULL column without a
default passes on an empty table and fails on every other.

## Example
    -- up
    ALTER TABLE orders DROP COLUMN code;
    -- down
    ALTER TABLE orders ADD COLUMN code text NOT NULL;

## Use instead
    -- down
    ALTER TABLE orders ADD COLUMN code text;

## What proves it
The engine's refusal on a twin with rows drawn from the statistics.

## Source
Alembic documentation, "Running our First Migration", section "Downgrading".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.history._round_trips import told

TITLE = "Mend downgrades that fail"
SEVERITY = "error"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding where the way back went so."""
    return told(
        trial,
        "failing",
        severity="error",
        effect="its way back fails",
        help_="write a way back that runs with rows in the tables",
    )
