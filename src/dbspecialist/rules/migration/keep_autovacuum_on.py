"""A table without autovacuum keeps its dead rows and loses its statistics' truth.

## What it does
Looks for tables for which autovacuum_enabled is set to off.

## Why it matters
Nothing removes dead rows or counts the living ones any more: the table grows, plans go by old
figures, and only the emergency vacuum against transaction wraparound still runs, at full speed.

## Example
    ALTER TABLE events SET (autovacuum_enabled = off);

## Use instead
    ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.02);

or other values that make it run more often or later.

## What proves it
The engine's catalogue after the migration.

## Source
PostgreSQL manual, "CREATE TABLE", "Storage Parameters"; "Routine Vacuuming".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._columns import altered

TITLE = "Keep autovacuum on"
SEVERITY = "info"
ENGINES = ("postgresql",)

#: The engine keeps the word as it was written; these mean off (manual, "Setting Parameters").
_OFF = re.compile(r"autovacuum_enabled='?(off|of|false|fals|fal|fa|f|no|n|0)'?(,|$)", re.IGNORECASE)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table that loses autovacuum."""
    for item in trial.differences:
        table = item.after
        if table is None or table.kind != "table":
            continue
        before = item.before.attributes if item.before else {}
        if not _OFF.search(table.attributes.get("options", "")) or _OFF.search(
            before.get("options", "")
        ):
            continue
        statement = next((one for one in trial.statements if table.name in altered(one)), None)
        if statement is None or table.name in run.renamed:
            continue
        yield finding(
            severity="info",
            message=f"Table {table.name} is not vacuumed or analysed any more",
            location=at(trial, statement),
            evidence=(seen(f"sets autovacuum_enabled of {table.name} to off"),),
            help="set the thresholds of autovacuum for the table instead",
            relation=table.name,
        )
