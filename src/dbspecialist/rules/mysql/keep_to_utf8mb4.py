"""A text column of utf8 or utf8mb3 refuses characters beyond the basic plane.

## What it does
Looks for new text columns whose character set is utf8mb3, which both engines also call utf8, or
ucs2.

## Why it matters
utf8mb3 has three bytes a character: emoji and many Chinese characters are refused with error 1366
in strict mode and cut off in others. MySQL has deprecated it. To convert a filled table later
copies it.

## Example
    CREATE TABLE notes (id BIGINT PRIMARY KEY, text VARCHAR(100)) CHARACTER SET utf8;

## Use instead
    CREATE TABLE notes (id BIGINT PRIMARY KEY, text VARCHAR(100)) CHARACTER SET utf8mb4;

## What proves it
The character set is read from information_schema behind the statement on the twin.

## Source
MySQL manual, "The utf8mb3 Character Set (3-Byte UTF-8 Unicode Encoding)".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import columns_that_become

TITLE = "Keep texts in utf8mb4"
SEVERITY = "warning"
ENGINES = ("mysql", "mariadb")

NARROW = frozenset({"utf8", "utf8mb3", "ucs2"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each statement that adds such columns."""
    for statement in trial.statements:
        found = columns_that_become(statement, _is_narrow)
        if not found:
            continue
        first, more = found[0], len(found) - 1
        also = f" and {more} more" if more else ""
        charset = first.attributes["charset"]
        yield finding(
            severity="warning",
            message=f"Column {first.name}{also} is in {charset}, which holds no emoji",
            location=at(trial, statement),
            evidence=(seen(f"the character set of {first.name} is {charset}"),),
            help="write CHARACTER SET utf8mb4",
            relation=first.parent,
        )


def _is_narrow(column: SchemaObject) -> bool:
    return column.attributes["charset"] in NARROW
