"""A table without a primary key is read to the end on replicas for each row that changes.

## What it does
Looks for InnoDB tables that a migration makes without a primary key and without a UNIQUE key of NOT
NULL columns, and for such keys that it takes from a table.

## Why it matters
Row-based replication finds a changed row on the replica by its primary key. Without one, an UPDATE
of 10,000 rows is 10,000 scans of the table there. gh-ost and pt-online-schema-change refuse such a
table, and a clustered Galera or Group Replication node does too or warns.

## Example
    CREATE TABLE events (user_id BIGINT, kind VARCHAR(20));

## Use instead
    CREATE TABLE events (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id BIGINT, kind VARCHAR(20)
    );

## What proves it
The keys of the table are read from information_schema when the migration has run on the twin.

## Source
MySQL manual, "Replication and Row-Based Logging" and "Group Replication Requirements".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.names import parts
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import index_columns

TITLE = "Give tables a primary key"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that a migration leaves without a key."""
    for table in trial.after.of_kind("table"):
        if table.attributes["engine"] != "InnoDB":
            continue
        known = trial.before.get("table", table.name) is not None
        if _has_key(trial.after, table) or (known and not _has_key(trial.before, table)):
            continue
        statement = next(
            (
                item
                for item in reversed(trial.statements)
                if any(change.object.parent == table.name for change in item.changes)
            ),
            None,
        )
        if statement is None:  # it has got its name by RENAME
            continue
        logged = run.snapshot is not None and run.snapshot.settings.get("log_bin") == "ON"
        yield finding(
            severity="warning" if logged else "info",
            message=(
                f"Table {table.name} {'loses its' if known else 'has no'} primary key: "
                "a row-based replica reads all of it for each row that changes"
            ),
            location=at(trial, statement),
            evidence=(seen(f"no unique key of {table.name} is NOT NULL in all its columns"),),
            help="add a BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY",
            relation=table.name,
        )


def _has_key(catalogue: Catalogue, table: SchemaObject) -> bool:
    required = {
        parts(item.name)[-1]
        for item in catalogue.parts_of(table.name, "column")
        if item.attributes["nullable"] == "NO"
    }
    return any(
        required.issuperset(index_columns(item))
        for item in catalogue.parts_of(table.name, "index")
        if item.attributes["kind"] in {"primary key", "unique"}
    )
