"""A stored generated column makes the engine write its table anew.

## What it does
Looks for tables that are rewritten because a column GENERATED … STORED is added or its
expression is changed.

## Why it matters
The value is computed for every row and stored, under ACCESS EXCLUSIVE: no read and no write
passes until the table and its indexes are there again.

## Example
    ALTER TABLE orders ADD COLUMN year int
        GENERATED ALWAYS AS (extract(year FROM made_on)) STORED;

## Use instead
    ALTER TABLE orders ADD COLUMN year int
        GENERATED ALWAYS AS (extract(year FROM made_on)) VIRTUAL;

from PostgreSQL 18 on; before it, a plain column that a trigger fills, or an expression in the
queries with an index on it.

## What proves it
The engine reports the rewrite and its reason.

## Source
PostgreSQL manual, "Generated Columns"; "ALTER TABLE", section "Notes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import added_columns, changed_columns
from dbspecialist.rules.migration._rewrites import rewrite_finding
from dbspecialist.rules.migration._tables import rewritten

TITLE = "Avoid stored generated columns on filled tables"
SEVERITY = "error"
ENGINES = ("postgresql",)

REASON = "a default must be computed for every row"
#: From this version on a generated column can be virtual (PostgreSQL 18 release notes).
VIRTUAL = 180000


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each stored generated column that rewrites its table."""
    for statement in trial.statements:
        for table, leaf in rewritten(trial, statement, run, REASON):
            for column in _stored(trial, statement, table):
                yield rewrite_finding(
                    trial,
                    run,
                    statement,
                    (table, leaf),
                    subject=f"Column {column.name} is stored and rewrites {table}",
                    reason=REASON,
                    help=_instead(run),
                )


def _stored(trial: Trial, statement: StatementEffects, table: str) -> Iterator[SchemaObject]:
    for item in (*added_columns(trial, table), *changed_columns(trial, "expression")):
        column = item.column
        is_stored = column.attributes.get("generated") == "stored"
        if item.statement is statement and column.parent == table and is_stored:
            yield column


def _instead(run: Run) -> str:
    if run.snapshot is not None and run.snapshot.server_version >= VIRTUAL:
        return "GENERATED ALWAYS AS (…) VIRTUAL, which is computed when it is read"
    return "a plain column that a trigger fills, or an index on the expression"
