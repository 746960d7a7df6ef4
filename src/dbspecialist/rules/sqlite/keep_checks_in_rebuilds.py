"""A table that is made anew has the CHECKs and defaults of its new text alone.

## What it does
Looks for tables that are made anew with fewer CHECKs, or without a NOT NULL or default that a
column had.

## Why it matters
The new table is what its CREATE TABLE says. Tools that write it from what they read of the old one
miss what PRAGMAs do not tell: SQLite has none for CHECKs, and Alembic's batch mode leaves those
without a name away. From then on the table takes values that it refused before.

## Example
    CREATE TABLE orders (id INTEGER PRIMARY KEY, total INT CHECK (total >= 0));

    CREATE TABLE new_orders (id INTEGER PRIMARY KEY, total INT NOT NULL);
    INSERT INTO new_orders SELECT * FROM orders;
    DROP TABLE orders;
    ALTER TABLE new_orders RENAME TO orders;

## Use instead
    CREATE TABLE new_orders (id INTEGER PRIMARY KEY, total INT NOT NULL CHECK (total >= 0));

In Alembic, state it as `table_args` of `batch_alter_table`.

## What proves it
The text of the table in sqlite_schema, before and after the migration.

## Source
SQLite manual, "ALTER TABLE", section 7; Alembic's documentation, "Running Batch Migrations for
SQLite and Other Databases".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._rebuilds import Rebuild, columns, plain, rebuilds

TITLE = "Keep CHECKs in rebuilds"
SEVERITY = "warning"
ENGINES = ("sqlite",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that loses constraints by being made anew."""
    for rebuild in rebuilds(trial):
        for what in _lost(trial, rebuild):
            yield finding(
                severity="warning",
                message=f"{plain(rebuild.table)} is made anew without {what}",
                location=at(trial, rebuild.last),
                evidence=(
                    Proof(
                        f"{plain(rebuild.table)} keeps what it refused",
                        "refuted",
                        "the twin's sqlite_schema before and after",
                    ),
                ),
                help="write it in the new table's CREATE TABLE",
                relation=rebuild.table,
            )


def _lost(trial: Trial, rebuild: Rebuild) -> Iterator[str]:
    kept = rebuild.after.attributes["checks"].lower().replace(" ", "")
    for condition in filter(None, rebuild.before.attributes["checks"].split("; ")):
        if condition.lower().replace(" ", "") not in kept:
            yield f"CHECK ({condition})"
    after = columns(trial.after, rebuild.table)
    for name, column in columns(trial.before, rebuild.table).items():
        new = after.get(name)
        if new is not None and column.attributes["default"] and not new.attributes["default"]:
            yield f"the default {column.attributes['default']} of {name}"
