"""A downgrade that leaves the schema different is not the way back.

## What it does
Compares the catalogue after upgrade and downgrade with the one before, object by object.

## Why it matters
The next upgrade starts from a schema that no revision describes.

## Example
    -- up
    ALTER TABLE orders ADD COLUMN note text;
    CREATE INDEX orders_note_idx ON orders (note);
    ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
    -- down
    ALTER TABLE orders DROP COLUMN note;

## Use instead
    -- down
    ALTER TABLE orders ALTER COLUMN total DROP NOT NULL;
    ALTER TABLE orders DROP COLUMN note;

## What proves it
Both catalogues, read from the engine and compared.

## Source
PostgreSQL manual, "System Catalogs".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.history._round_trips import told

TITLE = "Restore in the downgrade what the upgrade changes"
SEVERITY = "warning"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding where the way back went so."""
    return told(
        trial,
        "incomplete",
        severity="warning",
        effect="its way back does not restore the schema",
        help_="take back in the downgrade what the upgrade did, object by object",
    )
