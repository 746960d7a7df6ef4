"""An index or constraint over several columns goes silently with one of them.

## What it does
Looks for indexes and constraints over more than the dropped column that go along with it.

## Why it matters
DROP COLUMN takes every index and table constraint that names the column, CASCADE or not. What
the others of their columns got from them goes too: uniqueness, references, fast look-ups.

## Example
    -- UNIQUE (tenant_id, code) and an index on (tenant_id, made_on) are there
    ALTER TABLE items DROP COLUMN tenant_id;

## Use instead
Build what the other columns still need first, drop the constraint or index by its name, then
drop the column.

## What proves it
The engine lists what it dropped; the catalogue before tells the columns.

## Source
PostgreSQL manual, "ALTER TABLE", DROP COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import listed
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import part
from dbspecialist.rules.migration._drops import dropped_columns
from dbspecialist.rules.migration._indexes import index_parts

TITLE = "Name the indexes and constraints that go with a column"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each index or constraint that other columns lose."""
    for statement, column in dropped_columns(trial, run):
        for item, columns in _gone(trial, statement, column):
            others = [name for name in columns if name != part(column)]
            if not others:
                continue
            guards = item.kind == "constraint"
            word = item.attributes["type"] if guards else "index"
            yield finding(
                severity="warning" if guards else "info",
                message=(
                    f"Column {column.name} takes along {word} {part(item)} on "
                    f"({', '.join(columns)})"
                ),
                location=at(trial, statement),
                evidence=(seen(f"drops {item.name} with {column.name}"),),
                help=f"build what {', '.join(others)} still needs, then drop {part(item)} by name",
                relation=column.parent,
            )


def _gone(
    trial: Trial, statement: StatementEffects, column: SchemaObject
) -> Iterator[tuple[SchemaObject, list[str]]]:
    """Yield what goes with a column, with the columns it was over."""
    for item in trial.before.of_kind("constraint", "index"):
        if item.kind == "constraint":
            label = f"table constraint {part(item)} on {item.parent}"
            columns = listed(item.attributes.get("columns", ""))
        else:
            label = f"index {item.name}"
            columns = _key(item)
        own = "constraint" not in item.attributes and item.parent == column.parent
        if own and part(column) in columns and label in statement.drops:
            yield item, columns


def _key(index: SchemaObject) -> list[str]:
    """Return the plain columns of an index, as its definition lists them."""
    return [name for name in index_parts(index).columns if name]
