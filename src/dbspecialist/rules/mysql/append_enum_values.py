"""An ENUM or SET whose values are changed otherwise than at the end copies the table.

## What it does
Looks for ENUM and SET columns of tables that production has rows in whose old values are not the
beginning of the new ones: a value put in the middle, moved, renamed or taken away.

## Why it matters
A row holds the number of its value. Where numbers change, every row is written anew under
LOCK=SHARED, and writes wait; a row whose value is gone is refused in strict mode and becomes '' in
non-strict mode. A value at the end changes the dictionary alone.

## Example
    ALTER TABLE orders MODIFY status ENUM('new', 'held', 'paid');

## Use instead
    ALTER TABLE orders MODIFY status ENUM('new', 'paid', 'held'), ALGORITHM=INSTANT, LOCK=NONE;

Sort by another column where the order matters.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK; the values before and after are read
from information_schema.

## Source
MySQL manual, "The ENUM Type" and "Online DDL Operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.mysql._alters import copied, copies, new_foreign_keys, recoded, reordered

TITLE = "Append values of ENUM and SET at the end"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is copied for the order of values."""
    for statement, _ in copies(trial, run):
        changed = reordered(statement)
        if not changed or new_foreign_keys(statement) or recoded(statement):
            continue
        before, after = changed[0]
        yield copied(
            f"Column {after.name}, whose values change from {before.attributes['type']} "
            f"to {after.attributes['type']},",
            trial,
            statement,
            run,
            help_="keep the old values in their order and append new ones at the end, "
            "ALGORITHM=INSTANT, LOCK=NONE",
        )
