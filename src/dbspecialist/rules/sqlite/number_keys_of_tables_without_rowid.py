"""A WITHOUT ROWID table gives no row a number by itself.

## What it does
Looks for tables that become WITHOUT ROWID and whose key was an INTEGER PRIMARY KEY.

## Why it matters
`INTEGER PRIMARY KEY` of an ordinary table is its rowid, and an INSERT without it gets the next
number. In a WITHOUT ROWID table it is a column as any other and NOT NULL: the same INSERT fails.
`rowid`, `last_insert_rowid()` and incremental blobs are gone as well.

## Example
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT) WITHOUT ROWID;
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;

## Use instead
an ordinary table, or WITHOUT ROWID for tables whose key the application gives.

## What proves it
The catalogue before and after the migration.

## Source
SQLite manual, "Clustered Indexes and the WITHOUT ROWID Optimization", section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._rebuilds import columns, plain, rebuilds

TITLE = "Number the keys of tables without a rowid"
SEVERITY = "error"
ENGINES = ("sqlite",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table whose key is no longer numbered."""
    for rebuild in rebuilds(trial):
        key = _integer_key(trial.before, rebuild.table)
        becomes = rebuild.after.attributes["without_rowid"]
        if not key or not becomes or rebuild.before.attributes["without_rowid"]:
            continue
        yield finding(
            severity="error",
            message=(
                f"{plain(rebuild.table)} becomes WITHOUT ROWID: an INSERT that leaves {key} to "
                "SQLite fails from then on"
            ),
            location=at(trial, rebuild.last),
            evidence=(
                Proof(
                    f"{plain(rebuild.table)}.{key} is numbered by SQLite",
                    "refuted",
                    "the twin's sqlite_schema says WITHOUT ROWID",
                ),
            ),
            help="leave WITHOUT ROWID away",
            relation=rebuild.table,
        )


def _integer_key(catalogue: Catalogue, table: str) -> str:
    """Return the column that is the rowid of a table, or ""."""
    keys = {
        name: item
        for name, item in columns(catalogue, table).items()
        if item.attributes["primary_key"]
    }
    if len(keys) != 1:
        return ""
    name, column = keys.popitem()
    return name if column.attributes["type"].upper() == "INTEGER" else ""
