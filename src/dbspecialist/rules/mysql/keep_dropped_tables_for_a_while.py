"""A dropped or emptied table takes its rows along, and no ROLLBACK brings them back.

## What it does
Looks for DROP TABLE and TRUNCATE TABLE of tables that production has rows in.

## Why it matters
Both commit by themselves. What was not dumped before is gone with the statement, also where a later
statement of the migration fails. To drop a large table besides frees its pages in the buffer pool
and its file at once, which stalls other queries of the server.

## Example
    DROP TABLE orders_old;

## Use instead
    RENAME TABLE orders_old TO dropped_orders_old;

and the drop in a later migration, when nobody has missed it.

## What proves it
The table is gone from InnoDB's dictionary behind the statement, or its storage is new; the rows are
the snapshot's.

## Source
MySQL manual, "DROP TABLE Statement" and "TRUNCATE TABLE Statement".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen

TITLE = "Keep dropped tables for a while"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table whose rows go."""
    for statement in trial.statements:
        for table, verb in _lost(statement):
            if run.is_empty(table):
                continue
            known = run.knows(table)
            rows = f"about {count(run.rows(table))} rows" if known else "its rows"
            yield finding(
                severity="error" if known else "warning",
                message=f"Table {table} {verb} with {rows}, and no ROLLBACK brings them back",
                location=at(trial, statement),
                evidence=(
                    seen(f"{statement.tags[0]} removes the storage of {table}"),
                    Proof(
                        f"no row is lost with {table}",
                        "refuted" if known else "unchecked",
                        f"{rows}, as of the snapshot" if known else "its size is not known",
                    ),
                ),
                help="rename it first, keep a dump, and drop it in a later migration",
                relation=table,
            )


def _lost(statement: StatementEffects) -> Iterator[tuple[str, str]]:
    for name in statement.drops:
        table = name.removeprefix("table ")
        if table not in statement.renames:
            yield table, "goes"
    if statement.tags[0] == "TRUNCATE TABLE" and not statement.error:
        for lock in statement.locks:
            if lock.mode == "MDL_EXCLUSIVE":
                yield lock.relation, "is emptied"
