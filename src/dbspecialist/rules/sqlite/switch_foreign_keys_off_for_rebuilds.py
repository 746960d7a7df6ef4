"""A table dropped while foreign keys are enforced takes rows of other tables along.

## What it does
Looks for DROP TABLE statements after which other tables have fewer rows.

## Why it matters
SQLite carries DROP TABLE out as a DELETE of all its rows first, and every `ON DELETE CASCADE` or
`SET NULL` of a child is done for it. A table that is made anew by copying, dropping and renaming,
as SQLite's own manual says and as Alembic's batch mode does, so loses the rows of its children: the
copy of the parent comes back, the children do not. Many drivers and frameworks enforce foreign keys
on each connection.

## Example
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

## Use instead
    PRAGMA foreign_keys = OFF;
    BEGIN;
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    PRAGMA foreign_key_check;
    COMMIT;
    PRAGMA foreign_keys = ON;

## What proves it
The migration is run on a file with rows in every table, and the rows are counted around each
statement.

## Source
SQLite manual, "SQLite Foreign Key Support", section 5; "ALTER TABLE", section 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame
from dbspecialist.rules.sqlite._rebuilds import plain, rows_of

TITLE = "Switch foreign keys off for rebuilds"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each DROP TABLE that took rows of other tables along."""
    for statement in trial.statements:
        dropped = [
            item.removeprefix("table ") for item in statement.drops if item.startswith("table ")
        ]
        if statement.tags[:1] != ("DROP TABLE",) or not dropped:
            continue
        for table in statement.rows_lost:
            yield finding(
                severity="error",
                message=(
                    f"DROP TABLE {plain(dropped[0])} deletes rows of {plain(table)}"
                    f"{rows_of(run, table)} with it: foreign keys are enforced"
                ),
                location=at(trial, statement),
                evidence=(
                    Proof(
                        f"dropping {plain(dropped[0])} leaves {plain(table)} as it was",
                        "refuted",
                        f"made-up rows of {plain(table)} were gone after it",
                    ),
                ),
                help="write PRAGMA foreign_keys = OFF before the transaction, and ON behind it",
                relation=table,
            )
