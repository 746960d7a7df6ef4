"""Several foreign keys in one transaction lock many tables at once.

## What it does
Looks for transactions that add foreign keys and thereby hold locks which stop writes on three or
more tables that production has rows in.

## Why it matters
Each foreign key locks two tables, and all locks are held to the end of the transaction. While one
lock is waited for, the others stop writes; and an application transaction that writes the same
tables in another order deadlocks with the migration.

## Example
    BEGIN;
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
    ALTER TABLE orders ADD FOREIGN KEY (shop_id) REFERENCES shops NOT VALID;
    COMMIT;

## Use instead
One foreign key in a transaction, with a lock_timeout.

## What proves it
The locks and the constraints are read from the engine.

## Source
PostgreSQL manual, "Explicit Locking", sections "Table-Level Locks" and "Deadlocks".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._foreign_keys import together

TITLE = "Add foreign keys one at a time"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each transaction whose foreign keys lock three or more tables."""
    for found in together(trial, run):
        keys, tables = (key.name for key in found.keys), ", ".join(found.tables)
        yield finding(
            severity="info",
            message=(
                f"Foreign keys {', '.join(keys)} lock {len(found.tables)} tables in one "
                f"transaction: writes of {tables} wait together"
            ),
            location=at(trial, found.statements[-1]),
            evidence=(seen(f"holds locks that stop writes on {tables}"),),
            help="add each in a transaction of its own",
            relation=found.tables[0],
        )
