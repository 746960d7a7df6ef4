"""An ALTER TABLE that copies the table row by row stops writes until the last row is copied.

## What it does
Looks for tables that production has rows in and that the engine changes with ALGORITHM=COPY. Copies
for foreign keys, character sets, ENUM values and VARCHAR lengths are other rules'.

## Why it matters
The engine makes a new table, copies every row with all indexes, and swaps the two. It does so under
LOCK=SHARED: reads go on, every INSERT, UPDATE and DELETE waits. On a replica the statement runs
again, and replication lags by as long.

## Example
    ALTER TABLE orders MODIFY total BIGINT;

## Use instead
    ALTER TABLE orders ADD COLUMN total_new BIGINT, ALGORITHM=INSTANT, LOCK=NONE;

and a backfill in batches, or gh-ost or pt-online-schema-change, which copy while writes go on.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK, the cheapest first; the engine
refuses with its reason until ALGORITHM=COPY. That the table is another one afterwards is read from
InnoDB's dictionary.

## Source
MariaDB documentation, "InnoDB Online DDL Overview"; MySQL manual, "Online DDL Operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.mysql._alters import (
    changed_columns,
    copied,
    copies,
    lengthened,
    new_foreign_keys,
    recoded,
    reordered,
)

TITLE = "Avoid copies of filled tables"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is copied for no reason of another rule."""
    for statement, lock in copies(trial, run):
        owned = (new_foreign_keys, recoded, reordered, lengthened)
        if any(rule(statement) for rule in owned):
            continue
        changed = next((after for _, after in changed_columns(statement)), None)
        what = f"Column {changed.name}" if changed else f"The change of {lock.relation}"
        yield copied(what, trial, statement, run)
