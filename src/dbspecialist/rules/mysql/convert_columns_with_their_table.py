"""CHARACTER SET on a table changes what new columns get, and leaves those that are there.

## What it does
Looks for statements that change the default character set or collation of a table that production
has rows in while its text columns keep theirs.

## Why it matters
The statement is instant and looks done. An emoji still fails with error 1366 in the old columns,
and comparisons of old columns with new ones mix collations: no index serves a join of the two, or
it fails with error 1267.

## Example
    ALTER TABLE posts CHARACTER SET utf8mb4;

## Use instead
    ALTER TABLE posts CONVERT TO CHARACTER SET utf8mb4;

with gh-ost or pt-online-schema-change where the table is large, since that copies it.

## What proves it
Table and columns are read from information_schema behind the statement on the twin.

## Source
MySQL manual, "ALTER TABLE Statement", changing the character set.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import alters

TITLE = "Convert columns with their table"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table whose columns keep another collation than its new one."""
    for statement, lock in alters(trial, run):
        for item in statement.changes:
            table = item.after
            if table is None or item.before is None or table.kind != "table":
                continue
            if "collation" not in item.changed:
                continue
            left = _left(trial, item.before, table)
            if not left:
                continue
            more = f" and {len(left) - 1} more" if len(left) > 1 else ""
            was, now = item.before.attributes["collation"], table.attributes["collation"]
            yield finding(
                severity="warning",
                message=(
                    f"Table {table.name} has {now} for new columns; {left[0].name}{more} stay {was}"
                ),
                location=at(trial, statement),
                evidence=(seen(f"the collation of {left[0].name} is {was}"),),
                help="write CONVERT TO CHARACTER SET, or MODIFY each column",
                relation=lock.relation,
            )


def _left(trial: Trial, before: SchemaObject, table: SchemaObject) -> list[SchemaObject]:
    """Return the columns that had the table's collation and keep it up to the migration's end."""
    was = before.attributes["collation"]
    return [
        item
        for item in trial.after.parts_of(table.name, "column")
        if item.attributes["collation"] == was != table.attributes["collation"]
    ]
