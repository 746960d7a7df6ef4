"""A table of MyISAM or Aria has no transactions, no foreign keys and no row locks.

## What it does
Looks for tables that a migration makes in, or moves to, an engine other than InnoDB.

## Why it matters
Each statement on a MyISAM table locks all of it, a ROLLBACK takes nothing back, foreign keys are
read and forgotten, and after a crash the table must be repaired. MEMORY loses its rows at a
restart.

## Example
    CREATE TABLE notes (id BIGINT PRIMARY KEY) ENGINE=MyISAM;

## Use instead
    CREATE TABLE notes (id BIGINT PRIMARY KEY) ENGINE=InnoDB;

## What proves it
The engine is read from information_schema behind the statement on the twin.

## Source
MySQL manual, "Alternative Storage Engines".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen

TITLE = "Keep tables in InnoDB"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")

#: Engines without transactions, of those that hold rows of their own.
WITHOUT = frozenset({"MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "MRG_MyISAM", "BLACKHOLE"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that gets such an engine."""
    for statement in trial.statements:
        for item in statement.changes:
            table = item.after
            if table is None or table.kind != "table" or table.attributes["engine"] not in WITHOUT:
                continue
            if item.before and item.before.attributes["engine"] == table.attributes["engine"]:
                continue
            yield finding(
                severity="warning",
                message=(
                    f"Table {table.name} is of {table.attributes['engine']}: no transaction, no "
                    "foreign key, and each write locks all of it"
                ),
                location=at(trial, statement),
                evidence=(seen(f"the engine of {table.name} is {table.attributes['engine']}"),),
                help="write ENGINE=InnoDB, or leave ENGINE out",
                relation=table.name,
            )
