"""A renamed enum value breaks every statement that says it as before.

## What it does
Looks for enums of which a label is replaced by another in its place.

## Why it matters
Old code runs until the deployment is over; each of its statements that says the old value fails
with 22P02, and what it reads holds a value that it does not know.

## Example
    ALTER TYPE state RENAME VALUE 'payed' TO 'paid';

## Use instead
    ALTER TYPE state ADD VALUE 'paid';

code that reads both and writes the new one, then the rows changed in steps that each commit.

## What proves it
The engine's catalogues before and after; the statements of the workload and of the models are
planned on the twin after the migration.

## Source
PostgreSQL manual, "ALTER TYPE", RENAME VALUE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, by_old_code, code_evidence, says_old_code
from dbspecialist.rules.migration._columns import altered, mentions
from dbspecialist.rules.migration._enums import relabelled

TITLE = "Rename enum values in steps"
SEVERITY = "error"
ENGINES = ("postgresql",)

INVALID_VALUE = "22P02"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each renamed value."""
    for enum in relabelled(trial):
        for old, new in enum.renamed:
            statement = next(
                (
                    item
                    for item in trial.statements
                    if enum.name in altered(item) and mentions(item, old)
                ),
                None,
            )
            if statement is None:
                continue
            broken = broken_by(trial, old, INVALID_VALUE)
            yield finding(
                severity=by_old_code(run, broken),
                message=(
                    f"Value '{old}' of {enum.name} becomes '{new}': {says_old_code(run, broken)}"
                ),
                location=at(trial, statement),
                evidence=(
                    seen(f"renames '{old}' of {enum.name} to '{new}'"),
                    code_evidence(run, broken),
                ),
                help="add the new value, read both, write the new one, then change the rows",
                relation=enum.name,
            )
