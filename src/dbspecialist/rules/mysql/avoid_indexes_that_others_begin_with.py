"""An index whose columns another index begins with is written by every INSERT and read by none.

## What it does
Looks for indexes that a migration adds to a table that production has rows in, whose columns are
the first ones of another index, and for those that a new index makes superfluous so.

## Why it matters
A B-tree on (user_id, created_at) answers what one on (user_id) does. Each INSERT, each DELETE and
each UPDATE of the column writes both, and both take memory of the buffer pool.

## Example
    ALTER TABLE orders ADD INDEX (user_id);  -- there is KEY (user_id, created_at)

## Use instead
    -- nothing; or DROP INDEX for the shorter one when the longer one has been built

## What proves it
The indexes are read from information_schema when the migration has run on the twin. A unique index
says more than a longer one and is left alone.

## Source
MySQL manual, "Multiple-Column Indexes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import alters

TITLE = "Avoid indexes that others begin with"
SEVERITY = "info"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index that another one serves for."""
    for statement, lock in alters(trial, run):
        there = [
            item
            for item in trial.after.parts_of(lock.relation, "index")
            if item.attributes["method"] == "BTREE"
        ]
        for made in _made(statement):
            pairs = ((short, long) for short in there for long in there if made in (short, long))
            found = next((pair for pair in pairs if _serves(*pair, made)), None)
            if found is None:
                continue
            short, long = found
            columns = long.attributes["columns"]
            yield finding(
                severity="info",
                message=(
                    f"Index {short.name} on ({short.attributes['columns']}) is what "
                    f"{long.name} on ({columns}) begins with: each write goes into both"
                ),
                location=at(trial, statement),
                evidence=(seen(f"{long.name} is on ({columns})"),),
                help="leave the shorter one out, or drop it when the longer one is there",
                relation=lock.relation,
            )


def _made(statement: StatementEffects) -> list[SchemaObject]:
    return [
        item.after
        for item in statement.changes
        if item.before is None and item.after is not None and item.after.kind == "index"
    ]


def _serves(short: SchemaObject, long: SchemaObject, made: SchemaObject) -> bool:
    """Tell whether the longer of two indexes does all that the shorter one does."""
    if short.name == long.name or short.attributes["kind"] != "index":
        return False
    if short.attributes["descending"] or long.attributes["descending"]:
        return False
    columns, longer = (item.attributes["columns"].split(", ") for item in (short, long))
    # Of two that are equal, the new one is superfluous.
    return longer[: len(columns)] == columns and (len(longer) > len(columns) or short == made)
