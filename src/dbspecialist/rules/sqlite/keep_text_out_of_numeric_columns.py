"""Text that looks like a number becomes one when it is copied into a column of another affinity.

## What it does
Looks for columns that had TEXT or no affinity and have INTEGER, REAL or NUMERIC after the
migration.

## Why it matters
SQLite converts what it can, row by row: '007' becomes 7, '3.10' becomes 3.1, '1e3' becomes 1000,
and what does not look like a number stays text, which then sorts behind all numbers and equals
none. No error says so, and the old spelling is gone. A STRICT table refuses what it cannot convert.

## Example
    CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT);

    CREATE TABLE new_items (id INTEGER PRIMARY KEY, code INTEGER);
    INSERT INTO new_items SELECT * FROM items;

## Use instead
First see what there is:

    SELECT code FROM items WHERE CAST(CAST(code AS INTEGER) AS TEXT) <> code;

and keep the column TEXT where that gives rows.

## What proves it
The column's affinity before and after, and the made-up text '007', which is read back.

## Source
SQLite manual, "Datatypes In SQLite", section 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.sqlite._rebuilds import columns, plain, rebuilds, rows_of

TITLE = "Keep text out of numeric columns"
SEVERITY = "warning"
ENGINES = ("sqlite",)

_TEXTUAL = frozenset({"TEXT", "BLOB"})


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each column whose text is converted."""
    for rebuild in rebuilds(trial):
        after = columns(trial.after, rebuild.table)
        for name, column in columns(trial.before, rebuild.table).items():
            new = after.get(name)
            if new is not None and _converts(column, new):
                yield _told(trial, run, rebuild.last, column, new)


def _converts(before: SchemaObject, after: SchemaObject) -> bool:
    untyped = not before.attributes["type"] or before.attributes["affinity"] == "TEXT"
    return (
        untyped
        and before.attributes["affinity"] in _TEXTUAL
        and after.attributes["affinity"] not in _TEXTUAL
    )


def _told(
    trial: Trial, run: Run, last: StatementEffects, before: SchemaObject, after: SchemaObject
) -> Finding:
    old, new = before.attributes["affinity"], after.attributes["affinity"]
    return finding(
        severity="warning",
        message=(
            f"{plain(after.name)}{rows_of(run, after.parent)} goes from {old} to {new} affinity: "
            "'007' becomes 7, and text that is no number stays text"
        ),
        location=at(trial, last),
        evidence=(
            Proof(
                f"the values of {plain(after.name)} are what they were",
                "refuted",
                "of the made-up values '007', 'b' and '3.10' SQLite keeps 'b' alone as text",
            ),
        ),
        help="look for text that a number would spell otherwise, and keep the column TEXT",
        relation=after.parent,
    )
