"""A foreign key follows its table to another name, and refers to none when that one is dropped.

## What it does
Looks for foreign keys that refer to a table that is not there after the migration.

## Why it matters
ALTER TABLE … RENAME also changes the foreign keys of other tables to the new name (since SQLite
3.26). Where the old table is renamed away, made anew under its name and then dropped, its children
refer to the name that it had last. Every later INSERT into them fails with `no such table` where
foreign keys are enforced, and where they are not, nobody notices.

## Example
    ALTER TABLE users RENAME TO users_old;
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO users SELECT * FROM users_old;
    DROP TABLE users_old;

## Use instead
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

with `PRAGMA foreign_keys = OFF` before it.

## What proves it
The catalogue after the migration: `PRAGMA foreign_key_list` of each table.

## Source
SQLite manual, "ALTER TABLE", section 7, and "PRAGMA legacy_alter_table".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame
from dbspecialist.rules.sqlite._rebuilds import plain

TITLE = "Keep references off renamed tables"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each foreign key that the migration leaves without its table."""
    if any(item.error for item in trial.statements):
        return
    tables = {item.name.lower() for item in trial.after.of_kind("table")}
    before = {item.name.lower() for item in trial.before.of_kind("table")}
    for key in trial.after.of_kind("constraint"):
        target = key.attributes.get("references", "")
        old = trial.before.get("constraint", key.name)
        was = old.attributes.get("references", "").lower() if old else ""
        if not target or target.lower() in tables:
            continue
        if was == target.lower() and was not in before:
            continue  # it was so before
        yield finding(
            severity="error",
            message=(
                f"{plain(key.parent)} refers to {plain(target)}, "
                "which is not there after the migration"
            ),
            location=at(trial, _cause(trial, target)),
            evidence=(
                Proof(
                    f"every foreign key of {plain(key.parent)} has its table",
                    "refuted",
                    f"PRAGMA foreign_key_list on the twin: {plain(target)}",
                ),
            ),
            help="make the new table under another name, drop the old one, and rename the new one",
            relation=key.parent,
        )


def _cause(trial: Trial, target: str) -> StatementEffects:
    gone = (item for item in trial.statements if f"table {target}" in item.drops)
    return next(gone, trial.statements[-1])
