"""A TIMESTAMP column ends on 19 January 2038.

## What it does
Looks for new columns of type TIMESTAMP.

## Why it matters
TIMESTAMP counts seconds in 32 bits. A later time is refused in strict mode with error 1292, and is
a zero date in others: what lies years ahead (an expiry, a contract's end) meets that today. It is
besides shown in the session's time zone, so that two sessions read two times.

## Example
    ALTER TABLE contracts ADD COLUMN ends_at TIMESTAMP NULL;

## Use instead
    ALTER TABLE contracts ADD COLUMN ends_at DATETIME NULL;

with times in UTC.

## What proves it
The type is read from information_schema behind the statement on the twin.

## Source
MySQL manual, "The DATE, DATETIME, and TIMESTAMP Types".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import columns_that_become

TITLE = "Prefer DATETIME to TIMESTAMP"
SEVERITY = "info"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that adds such columns."""
    for statement in trial.statements:
        found = columns_that_become(statement, _is_timestamp)
        if found:
            first, more = found[0], len(found) - 1
            also = f" and {more} more" if more else ""
            yield finding(
                severity="info",
                message=f"Column {first.name}{also} is a TIMESTAMP, which ends on 2038-01-19",
                location=at(trial, statement),
                evidence=(seen(f"{first.name} is {first.attributes['type']}"),),
                help="write DATETIME, and times in UTC",
                relation=first.parent,
            )


def _is_timestamp(column: SchemaObject) -> bool:
    return column.attributes["type"].startswith("timestamp")
