"""A table that is made anew without AUTOINCREMENT gives numbers of deleted rows again.

## What it does
Looks for tables that had AUTOINCREMENT before the migration and have not after it.

## Why it matters
Without AUTOINCREMENT a new row gets the largest number plus one, of the rows that are there: when
the last row has been deleted, its number is given again. What refers to the deleted row from
outside of the database (a log, a link, a cache) then means another one.

## Example
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT);

    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

## Use instead
    CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL);

and, so that numbers go on where they were, before the old table is dropped

    INSERT INTO sqlite_sequence (name, seq)
    SELECT 'new_users', seq FROM sqlite_sequence WHERE name = 'users';

## What proves it
The catalogue before and after the migration.

## Source
SQLite manual, "SQLite Autoincrement".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._rebuilds import plain, rebuilds

TITLE = "Keep AUTOINCREMENT in rebuilds"
SEVERITY = "warning"
ENGINES = ("sqlite",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that no longer remembers its largest number."""
    for rebuild in rebuilds(trial):
        if (
            not rebuild.before.attributes["autoincrement"]
            or rebuild.after.attributes["autoincrement"]
        ):
            continue
        yield finding(
            severity="warning",
            message=(
                f"{plain(rebuild.table)} is made anew without AUTOINCREMENT: numbers of deleted "
                "rows are given again"
            ),
            location=at(trial, rebuild.last),
            evidence=(
                Proof(
                    f"{plain(rebuild.table)} still has AUTOINCREMENT",
                    "refuted",
                    "the twin's sqlite_schema",
                ),
            ),
            help="write AUTOINCREMENT in the new table, and take its row of sqlite_sequence over",
            relation=rebuild.table,
        )
