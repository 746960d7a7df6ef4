"""A VARCHAR that grows over 255 bytes copies the table.

## What it does
Looks for VARCHAR columns of tables that production has rows in that could hold up to 255 bytes and
now may hold more.

## Why it matters
A VARCHAR has one byte for its length up to 255 bytes and two beyond, so every row is written anew,
under LOCK=SHARED: writes wait. The limit counts bytes and not characters: with utf8mb4 it is passed
between VARCHAR(63) and VARCHAR(64). On either side of it a column grows by the dictionary alone.

## Example
    ALTER TABLE users MODIFY email VARCHAR(100);

## Use instead
    ALTER TABLE users MODIFY email VARCHAR(63), ALGORITHM=INSTANT, LOCK=NONE;

or gh-ost, once, to a length beyond which it need not grow again.

## What proves it
The statement is sent on the twin with each ALGORITHM and LOCK; lengths and character sets are read
from information_schema.

## Source
MySQL manual, "Online DDL Operations", extending VARCHAR column size.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.mysql._alters import (
    copied,
    copies,
    lengthened,
    longest_bytes,
    new_foreign_keys,
    recoded,
    reordered,
)

TITLE = "Know that a VARCHAR beyond 255 bytes copies the table"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is copied for a second length byte."""
    for statement, _ in copies(trial, run):
        changed = lengthened(statement)
        if not changed or any(rule(statement) for rule in (new_foreign_keys, recoded, reordered)):
            continue
        before, after = changed[0]
        yield copied(
            f"Column {after.name}, which grows from {longest_bytes(before)} to "
            f"{longest_bytes(after)} bytes,",
            trial,
            statement,
            run,
        )
