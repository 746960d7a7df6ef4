"""A new NOT NULL column without a default fills old rows silently and refuses old code's INSERTs.

## What it does
Looks for NOT NULL columns without a default that a statement adds to a table that production has
rows in.

## Why it matters
Rows that are there get 0, '' or a zero date, which nobody wrote. In strict mode every INSERT that
does not name the column, as old code's does not, is refused with error 1364.

## Example
    ALTER TABLE orders ADD COLUMN currency CHAR(3) NOT NULL;

## Use instead
    ALTER TABLE orders ADD COLUMN currency CHAR(3) NOT NULL DEFAULT 'EUR', ALGORITHM=INSTANT;

## What proves it
The column is read from information_schema behind the statement on the twin.

## Source
MySQL manual, "Data Type Default Values".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.mysql.names import parts
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.mysql._alters import alters
from dbspecialist.rules.mysql.fill_nulls_before_not_null import is_strict

TITLE = "Give new NOT NULL columns a default"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new column that an INSERT must name."""
    for statement, lock in alters(trial, run):
        for item in statement.changes:
            column = item.after
            if item.before is not None or column is None or column.kind != "column":
                continue
            if not _is_required(column):
                continue
            later = trial.after.get("column", column.name)
            if later is not None and not _is_required(later):
                continue
            strict = is_strict(statement)
            refused = "an INSERT that does not name it fails with error 1364"
            yield finding(
                severity="error" if strict else "warning",
                message=(
                    f"Column {column.name} is NOT NULL without a default: rows that are there get "
                    f"{_implicit(column)}"
                    + (f", and {refused}" if strict else ", and so does each INSERT without it")
                ),
                location=at(trial, statement),
                evidence=(seen(f"{parts(column.name)[-1]} is NOT NULL and has no default"),),
                help="add it with a DEFAULT, or NULL first and NOT NULL when all code writes it",
                relation=lock.relation,
            )


def _is_required(column: SchemaObject) -> bool:
    given = column.attributes
    made = given["generated"] not in {"", "NULL"}
    counted = "auto_increment" in given["extra"]
    # An ENUM that is NOT NULL has its first value as default (manual, "Data Type Default Values").
    first = given["type"].startswith("enum")
    return given["nullable"] == "NO" and not (given["default"] or made or counted or first)


def _implicit(column: SchemaObject) -> str:
    kind = column.attributes["type"]
    if kind.startswith(("date", "time", "year")):
        return "a zero date"
    if any(word in kind for word in ("char", "text", "blob", "binary", "set", "json")):
        return "''"
    return "0"
