"""SET NOT NULL fails where the column still holds a NULL.

## What it does
Looks for old columns that become NOT NULL while production's statistics count NULLs in them, or
while a twin with rows refuses the statement and no statistics are there. Silent where an UPDATE
before it reaches every NULL, or every row, and where the database that is asked with `--database`
holds no NULL. An UPDATE that changes fewer rows than hold NULL leaves the error as it is; one of
other rows, which may be the same, makes it an info. Where the migrations' own code (a loop in
Python, a DO block) brought made-up rows with NULL through, it is a warning: what it does with
production's rows was not seen.

## Why it matters
The statement fails with 23502 after it has read the table up to the first NULL, and the
deployment stops there.

## Example
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;

## Use instead
    UPDATE users SET email = '' WHERE email IS NULL;  -- in steps that each commit
    ALTER TABLE users ALTER COLUMN email SET NOT NULL;

## What proves it
The share of NULLs in pg_stats is above 0: ANALYZE saw one. The twin with rows refuses it. The
engine evaluates an UPDATE's condition for a row with NULL, and the planner counts its rows. The
database decides it where it is asked.

## Source
PostgreSQL manual, "pg_stats"; "ALTER TABLE", SET NOT NULL.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._columns import changed_columns, part
from dbspecialist.rules.migration._nulls import judge_nulls
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Fill columns before they are set NOT NULL"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column whose NULLs make NOT NULL fail."""
    for item in changed_columns(trial, "not_null"):
        column, statement = item.column, item.statement
        if column.attributes["not_null"] != "true":
            continue
        if not is_filled(trial, run, column.parent, statement):
            continue
        judged = judge_nulls(trial, item, run)
        if judged is None:
            continue
        severity, told, proof = judged
        yield finding(
            severity=severity,
            message=f"Column {column.name} becomes NOT NULL and {told}",
            location=at(trial, statement),
            evidence=(proof,),
            help=f"fill {part(column)} where it is NULL, in steps that commit, before SET NOT NULL",
            relation=column.parent,
        )
