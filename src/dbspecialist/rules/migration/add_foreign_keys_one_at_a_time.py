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
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._constraints import added
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Add foreign keys one at a time"
SEVERITY = "info"
ENGINES = ("postgresql",)

#: One foreign key locks two.
MANY = 3


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each transaction whose foreign keys lock three or more tables."""
    for transaction in dict.fromkeys(item.transaction for item in trial.statements):
        adding = [
            item
            for item in trial.statements
            if item.transaction == transaction and any(added(trial, run, item, "foreign key"))
        ]
        found = [key for item in adding for key in added(trial, run, item, "foreign key")]
        keys = [key.name for key in found]
        both = {name for key in found for name in (key.relation, key.referenced)}
        tables = {name for name in both if is_filled(trial, run, name)}
        if len(keys) < 2 or len(tables) < MANY:
            continue
        yield Finding(
            rule="add-foreign-keys-one-at-a-time",
            severity="info",
            message=(
                f"Foreign keys {', '.join(keys)} lock {len(tables)} tables in one transaction: "
                f"writes of {', '.join(sorted(tables))} wait together"
            ),
            location=at(trial, adding[-1]),
            evidence=(seen(f"holds locks that stop writes on {', '.join(sorted(tables))}"),),
            help="add each in a transaction of its own",
            relation=sorted(tables)[0],
        )
