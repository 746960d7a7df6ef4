"""A column that goes takes itself out of indexes: they go on under their name with fewer columns.

## What it does
Looks for indexes of tables that production has rows in that go with a dropped column, or that have
fewer columns when it is gone.

## Why it matters
The engine drops an index whose only column goes, and cuts the column out of those that have others.
An index on (status, created_at) becomes one on (created_at) without a word: queries that looked
status up read the whole table. A table whose index is cut is written anew, where the column alone
would go instantly.

## Example
    ALTER TABLE orders DROP COLUMN status;  -- KEY recent (status, created_at)

## Use instead
    ALTER TABLE orders DROP INDEX recent, ADD INDEX recent (created_at), ALGORITHM=NOCOPY;
    ALTER TABLE orders DROP COLUMN status, ALGORITHM=INSTANT;

(MySQL has no NOCOPY: ALGORITHM=INPLACE.)

## What proves it
The indexes are read from information_schema before and behind the statement on the twin.

## Source
MySQL manual, "ALTER TABLE Statement", adding and dropping columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.names import parts
from dbspecialist.engines.mysql.tokens import meaningful
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import alters, index_columns

TITLE = "Drop indexes before their columns"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that a dropped column is cut out of."""
    for statement, lock in alters(trial, run):
        dropped = _dropped(statement)
        for before, after in _cut(statement, dropped):
            was = ", ".join(index_columns(before))
            effect = f"is one on ({', '.join(index_columns(after))})" if after else "is gone"
            yield finding(
                severity="warning",
                message=(
                    f"Index {before.name} on ({was}) {effect} when its column goes, "
                    "which the statement does not say"
                ),
                location=at(trial, statement),
                evidence=(seen(f"{before.name} {effect}"),),
                help="drop the index by its name before, and build first what replaces it",
                relation=lock.relation,
            )


def _dropped(statement: StatementEffects) -> set[str]:
    return {
        parts(item.before.name)[-1]
        for item in statement.changes
        if item.before is not None and item.after is None and item.before.kind == "column"
    }


def _cut(
    statement: StatementEffects, dropped: set[str]
) -> Iterator[tuple[SchemaObject, SchemaObject | None]]:
    """Yield the indexes that lose dropped columns and that the statement does not name."""
    named = {item.text.strip("`").lower() for item in meaningful(statement.sql)}
    for item in statement.changes:
        before = item.before
        if before is None or before.kind != "index" or not dropped & set(index_columns(before)):
            continue
        name = parts(before.name)[-1].lower()
        # An index that was named for its column is not named by the column's name.
        by_name = name in named and name not in {column.lower() for column in dropped}
        if not by_name and (item.after is None or len(index_columns(before)) > 1):
            yield before, item.after
