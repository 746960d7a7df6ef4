"""An unlogged table is empty after a crash and on every standby.

## What it does
Looks for new tables that are UNLOGGED.

## Why it matters
What is written to them is not in the write-ahead log: a crash empties them, a standby and a
restored backup from the log never have their rows.

## Example
    CREATE UNLOGGED TABLE payments (id bigint PRIMARY KEY);

## Use instead
    CREATE TABLE payments (id bigint PRIMARY KEY);

and UNLOGGED for what can be made anew at any time, such as a cache.

## What proves it
The engine's catalogue after the migration.

## Source
PostgreSQL manual, "CREATE TABLE", UNLOGGED.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import altered

TITLE = "Avoid unlogged tables for what must last"
SEVERITY = "info"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that is new and unlogged at the end."""
    for item in trial.differences:
        table = item.after
        if table is None or table.kind != "table" or item.before is not None:
            continue
        statement = next((one for one in trial.statements if table.name in altered(one)), None)
        if statement is None or table.attributes.get("persistence") != "unlogged":
            continue
        if table.name in run.renamed:
            continue
        yield finding(
            severity="info",
            message=f"Table {table.name} is unlogged: empty after a crash and on a standby",
            location=at(trial, statement),
            evidence=(seen(f"makes {table.name} unlogged"),),
            help="leave UNLOGGED out, unless its rows can be made anew at any time",
            relation=table.name,
        )
