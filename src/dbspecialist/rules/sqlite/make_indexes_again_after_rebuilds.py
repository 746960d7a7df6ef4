"""A table that is made anew has none of the indexes that the old one had.

## What it does
Looks for indexes that go with the table that they are on, where the migration makes that table
anew.

## Why it matters
DROP TABLE drops the table's indexes without a word. Queries that went by them read the whole table
from then on, and a unique index that is gone lets repeats in.

## Example
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

## Use instead
the same, and behind it

    CREATE UNIQUE INDEX users_email ON users (email);

## What proves it
The catalogue before and after the migration.

## Source
SQLite manual, "ALTER TABLE", section 7, step 3 and 8.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._frame import frame
from dbspecialist.rules.sqlite._rebuilds import Rebuild, columns, plain, rebuilds, rows_of

TITLE = "Make indexes again after rebuilds"
SEVERITY = "error"
ENGINES = ("sqlite",)

#: The fix is run by tasks/fixing_sqlite.
fix = frame


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that a rebuild leaves away."""
    for rebuild in rebuilds(trial):
        there = {
            item.attributes["columns"]
            for item in trial.after.parts_of(rebuild.table, "index", "constraint")
        }
        for index in trial.before.parts_of(rebuild.table, "index"):
            if _is_lost(trial, rebuild, index, there):
                yield _told(trial, run, rebuild, index)


def _is_lost(trial: Trial, rebuild: Rebuild, index: SchemaObject, there: set[str]) -> bool:
    names = [item for item in index.attributes["columns"].split(", ") if item != "<expression>"]
    kept = columns(trial.after, rebuild.table)
    dropped = any(
        f"index {index.name}" in item.drops and item.tags == ("DROP INDEX",)
        for item in trial.statements
    )
    again = trial.after.get("index", index.name) or index.attributes["columns"] in there
    return not dropped and not again and all(name in kept for name in names)


def _told(trial: Trial, run: Run, rebuild: Rebuild, index: SchemaObject) -> Finding:
    unique = " UNIQUE " in f" {index.attributes['definition'].upper()} "
    what = "lets repeats in" if unique else "queries read the whole table"
    return finding(
        severity="error" if unique else "warning",
        message=(
            f"Index {plain(index.name)} is gone after {plain(rebuild.table)}"
            f"{rows_of(run, rebuild.table)} is made anew: {what}"
        ),
        location=at(trial, rebuild.drop),
        evidence=(
            Proof(f"{plain(index.name)} is there afterwards", "refuted", "the twin's catalogue"),
        ),
        help=f"write behind it: {' '.join(index.create.split())}",
        relation=rebuild.table,
    )
