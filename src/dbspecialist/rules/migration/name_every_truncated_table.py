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
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._tables import knows, rows_of
from dbspecialist.rules.migration._truncates import emptied

TITLE = "Name every table that TRUNCATE empties"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is emptied without its name."""
    for statement in trial.statements:
        for table, named in emptied(trial, statement, run):
            if named:
                continue
            known = knows(trial, run, table)
            rows = f"about {count(rows_of(trial, run, table))} rows" if known else "its rows"
            verdict = Proof(
                f"{table} has no rows to lose",
                "refuted" if known else "unchecked",
                f"{rows} as of the snapshot" if known else "the snapshot has no size for it",
            )
            yield Finding(
                rule="name-every-truncated-table",
                severity="error" if known else "warning",
                message=f"Table {table}, which the statement does not name, loses {rows}",
                location=at(trial, statement),
                evidence=(seen(f"replaces the file of {table} by an empty one"), verdict),
                help=f"TRUNCATE without CASCADE, with {table} in the list if it is meant",
                relation=table,
            )
