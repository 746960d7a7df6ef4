"""A column that is dropped and added again under its name comes back empty.

## What it does
Looks for migrations that drop a column and add one of the same name to the same table.

## Why it matters
Some generators write a new length or type so. The engine keeps nothing of the old column: its
values, defaults, indexes and privileges go.

## Example
    ALTER TABLE users DROP COLUMN name;
    ALTER TABLE users ADD COLUMN name varchar(100);

## Use instead
    ALTER TABLE users ALTER COLUMN name TYPE varchar(100);

## What proves it
The engine's list of what was dropped, and its catalogues before and after; the lost values are
counted from pg_stats.

## Source
PostgreSQL manual, "ALTER TABLE", ALTER COLUMN … TYPE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import part
from dbspecialist.rules.migration._drops import dropped_columns, loss

TITLE = "Change columns in place instead of dropping and adding them"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column that is dropped and there again at the end."""
    for statement, column in dropped_columns(trial, run):
        again, lost = trial.after.get("column", column.name), loss(trial, run, statement, column)
        if again is None or lost is None:
            continue
        if again.attributes.get("generated") or column.attributes.get("generated"):
            continue
        severity, told, proof = lost
        yield finding(
            severity=severity,
            message=f"Column {column.name} is dropped with {told}, and added again empty",
            location=at(trial, statement),
            evidence=(seen(f"drops {column.name} and adds it again"), proof),
            help=(
                f"ALTER TABLE {column.parent} ALTER COLUMN {part(column)} "
                f"TYPE {again.attributes['type']}"
            ),
            relation=column.parent,
        )
