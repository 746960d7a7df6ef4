"""A table that is made anew outside of a transaction is missing when the migration stops midway.

## What it does
Looks for tables that are dropped and made anew by statements that each commit by themselves.

## Why it matters
Between DROP TABLE and ALTER TABLE … RENAME the table is not there, for every other connection. A
process that ends there, or a statement that fails, leaves the database without the table. SQLite's
DDL is transactional: within BEGIN and COMMIT others see the old table or the new one.

## Example
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

## Use instead
    PRAGMA foreign_keys = OFF;
    BEGIN;
    …
    COMMIT;
    PRAGMA foreign_keys = ON;

## What proves it
SQLite says around each statement whether a transaction is open.

## Source
SQLite manual, "ALTER TABLE", section 7, step 2 and 11.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame
from dbspecialist.rules.sqlite._rebuilds import plain, rebuilds, rows_of

TITLE = "Make rebuilds in one transaction"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is away between two transactions."""
    for rebuild in rebuilds(trial):
        if rebuild.rename is None or rebuild.rename.transaction == rebuild.drop.transaction:
            continue
        if trial.place(rebuild.rename) < trial.place(rebuild.drop):
            continue  # the new table had its name before the old one went
        yield finding(
            severity="error",
            message=(
                f"{plain(rebuild.table)}{rows_of(run, rebuild.table)} is not there between line "
                f"{rebuild.drop.line} and line {rebuild.rename.line}: each commits by itself"
            ),
            location=at(trial, rebuild.drop),
            evidence=(
                Proof(
                    f"others always see {plain(rebuild.table)}",
                    "refuted",
                    "on the twin no transaction was open behind DROP TABLE",
                ),
            ),
            help="write BEGIN before the rebuild and COMMIT behind it",
            relation=rebuild.table,
        )
