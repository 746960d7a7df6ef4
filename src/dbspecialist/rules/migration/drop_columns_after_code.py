"""Code that still names a dropped column fails.

## What it does
Looks for dropped columns that statements of the application name; where no statement is known,
it says so once for each column.

## Why it matters
Old code runs until the deployment is over, and ORMs name every mapped column in every query:
each fails with 42703 from the moment the column is gone.

## Example
    ALTER TABLE users DROP COLUMN nickname;

## Use instead
Take the column out of the code first, deploy, and drop it in a later migration.

## What proves it
The statements of the workload and of the models are planned on the twin before and after. Functions
of the database are read for the column's name and its table's: a warning where a trigger runs them.

## Source
PostgreSQL manual, "ALTER TABLE", DROP COLUMN; "PostgreSQL Error Codes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, code_evidence, knows_code, says_old_code
from dbspecialist.rules.migration._columns import part
from dbspecialist.rules.migration._drops import dropped_columns, successor
from dbspecialist.rules.migration._routines import Routine, is_run, naming_column

TITLE = "Drop columns after the code that names them"
SEVERITY = "error"
ENGINES = ("postgresql",)

UNDEFINED_COLUMN = "42703"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each dropped column that code names, or may name."""
    for statement, column in dropped_columns(trial, run):
        broken = broken_by(trial, part(column), UNDEFINED_COLUMN)
        routines = _routines(run, column)
        if not (broken or routines) and (knows_code(run) or successor(trial, column)):
            continue
        yield finding(
            severity="error" if broken else "warning" if is_run(routines) else "info",
            message=f"Column {column.name} goes: {says_old_code(run, broken, routines)}",
            location=at(trial, statement),
            evidence=(
                seen(f"drops {column.name}"),
                code_evidence(run, broken),
                *(item.proof for item in routines),
            ),
            help="take it out of the code, deploy, then drop it",
            relation=column.parent,
        )


def _routines(run: Run, column: SchemaObject) -> tuple[Routine, ...]:
    if run.trials[-1].after.get("column", column.name):
        return ()
    return naming_column(run, column.parent, part(column))
