"""A table that is made anew has none of the triggers that the old one had.

## What it does
Looks for triggers that go with the table that they are on, where the migration makes that table
anew.

## Why it matters
DROP TABLE drops the table's triggers without a word. What they kept (an audit log, a search table,
a time of change) stands still from then on.

## Example
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

## Use instead
the same, and behind it the CREATE TRIGGER statements of the table.

## What proves it
The catalogue before and after the migration.

## Source
SQLite manual, "ALTER TABLE", section 7, step 3 and 8.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame
from dbspecialist.rules.sqlite._rebuilds import plain, rebuilds

TITLE = "Make triggers again after rebuilds"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each trigger that a rebuild leaves away."""
    dropped = {
        name for item in trial.statements if item.tags == ("DROP TRIGGER",) for name in item.drops
    }
    for rebuild in rebuilds(trial):
        for trigger in trial.before.parts_of(rebuild.table, "trigger"):
            gone = trial.after.get("trigger", trigger.name) is None
            if not gone or f"trigger {trigger.name}" in dropped:
                continue
            yield finding(
                severity="error",
                message=(
                    f"Trigger {plain(trigger.name)} is gone after {plain(rebuild.table)} "
                    "is made anew"
                ),
                location=at(trial, rebuild.drop),
                evidence=(
                    Proof(
                        f"{plain(trigger.name)} is there afterwards",
                        "refuted",
                        "the twin's catalogue",
                    ),
                ),
                help="write its CREATE TRIGGER again behind the rebuild",
                relation=rebuild.table,
            )
