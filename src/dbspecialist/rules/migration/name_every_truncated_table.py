"""TRUNCATE … CASCADE empties tables that it does not name.

## What it does
Looks for tables that a TRUNCATE empties because they refer to one that it names.

## Why it matters
Every table with a foreign key to the named one loses all rows, and so do those that refer to
these. The engine says so in a notice that nobody reads.

## Example
    TRUNCATE users CASCADE;

## Use instead
    TRUNCATE users, orders;

which names what it empties, and fails where it forgets one.

## What proves it
The engine replaces the files of all of them under ACCESS EXCLUSIVE.

## Source
PostgreSQL manual, "TRUNCATE", CASCADE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._truncates import losses

TITLE = "Name every table that TRUNCATE empties"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is emptied without its name."""
    for item in losses(trial, run, named=False):
        yield item.finding(
            f"Table {item.table}, which the statement does not name, loses {item.rows}",
            f"TRUNCATE without CASCADE, with {item.table} in the list if it is meant",
        )
