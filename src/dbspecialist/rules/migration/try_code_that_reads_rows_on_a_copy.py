"""Code that reads rows may do other things where there are other rows.

## What it does
Reports DO blocks, functions and a migration's own code outside of the server that read tables
which have rows in production and none on the twin. Where the same code takes stronger locks, writes
a table anew or changes rows once there are made-up rows, this is a warning and named; else info.
Made-up rows are few: a branch on the number of rows is not taken with them, and told as not seen.

## Why it matters
A branch that an empty table does not take is not seen: neither its locks nor its failures are in
the report.

## Example
    DO $$ BEGIN
      IF (SELECT count(*) FROM orders) > 0 THEN ALTER TABLE orders ALTER small TYPE bigint; END IF;
    END $$;

## Use instead
The statements themselves, without the condition; or a run of the migration on a copy of production
with its rows.

## What proves it
The plans of the queries inside of the code name the tables. Its effects with made-up rows are those
that the engine showed; with production's rows they stay unchecked.

## Source
PostgreSQL manual, "DO"; "auto_explain", log_nested_statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.rows_needed import Reading
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._readings import lacking

TITLE = "Try code that reads rows on a copy that has them"
SEVERITY = "warning"
ENGINES = ("postgresql",)

#: So many effects are named.
NAMED = 4


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement whose code reads filled tables."""
    outside = [item for item in trial.readings if item.client]
    for reading in (*(item for item in trial.readings if not item.client), *outside[:1]):
        if reading.index < len(trial.statements):
            yield _finding(trial, run, reading)


#: Which function a query calls stands in its text alone; inside of a function it stays untold.
_COUNTS = re.compile(r"\bcount\s*\(", re.IGNORECASE)


def _nothing_more(sql: str) -> str:
    """Say what was seen where code did nothing else with made-up rows, and what was not."""
    if _COUNTS.search(sql):
        return "it counts them, and what it does at that number was not seen: made-up rows are few"
    return "with a few made-up rows nothing else was seen, and other rows may take it another way"


def _finding(trial: Trial, run: Run, reading: Reading) -> Finding:
    code = "The migration's own code" if reading.client else "The statement's code"
    more = ", ".join(reading.more[:NAMED])
    if len(reading.more) > NAMED:
        more += f" and {len(reading.more) - NAMED} more"
    then = f"with made-up rows it {more}" if more else "what it does then was not seen"
    if reading.tried and not more:
        then = _nothing_more(trial.statements[reading.index].sql)
    lacks = lacking(run, reading.relations)
    return finding(
        severity="warning" if reading.more else "info",
        message=f"{code} goes by rows that it reads, and {lacks}: {then}",
        location=at(trial, trial.statements[reading.index]),
        evidence=(
            Proof("it does the same with production's rows", "unchecked", f"{lacks}; {then}"),
        ),
        help="try it on a copy of production that has rows",
    )
