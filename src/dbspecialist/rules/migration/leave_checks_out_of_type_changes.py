"""A type change that costs nothing still tests the column's CHECK constraints on every row.

## What it does
Looks for statements that change a column's type without a rewrite and read a table that production
has rows in, because a CHECK that names the column is made anew.

## Why it matters
ALTER COLUMN TYPE drops the constraints of the column and adds them again for the new type. To make
varchar(50) longer touches no row, but the CHECK beside it is tested on all of them under ACCESS
EXCLUSIVE: no query runs until it is done.

## Example
    -- CHECK (code <> '') is there
    ALTER TABLE orders ALTER COLUMN code TYPE varchar(100);

## Use instead
    ALTER TABLE orders DROP CONSTRAINT orders_code_check,
        ALTER COLUMN code TYPE varchar(100),
        ADD CONSTRAINT orders_code_check CHECK (code <> '') NOT VALID;
    ALTER TABLE orders VALIDATE CONSTRAINT orders_code_check;

with the second statement in a transaction of its own.

## What proves it
The lock, the scan and the constraints made anew are read from the engine; the fix is run on the
twin and must end in the same catalogue.

## Source
PostgreSQL manual, "ALTER TABLE", on SET DATA TYPE: indexes and simple table constraints involving
the column are converted.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._constraints import remade
from dbspecialist.rules.migration._waits import wait_for_largest

TITLE = "Leave CHECK constraints out of type changes that need no rewrite"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table whose CHECKs a type change tests again."""
    for statement in trial.statements:
        found = list(remade(trial, run, statement))
        for table in dict.fromkeys(item.relation for item in found):
            wait = wait_for_largest(trial, run, statement, table)
            if wait is None or wait.table in statement.rewrites or "writes" not in wait.lock.blocks:
                continue
            names = ", ".join(item.name for item in found if item.relation == table)
            yield wait.finding(
                f"A type change of {table} tests {names} on every row: {wait}",
                f"makes {names} anew and reads {wait.table}, and rewrites nothing",
                f"drop {names} before it, add it NOT VALID after it, and validate it later",
                table,
            )


def fix(trial: Trial, statement: StatementEffects, run: Run) -> tuple[Phase, ...] | None:
    """Take the CHECKs away, change the type, put them back NOT VALID, and validate them."""
    found = list(remade(trial, run, statement))
    tables = {item.relation for item in found}
    if len(tables) != 1:
        return None
    alter = f"ALTER TABLE {tables.pop()}"
    return (
        Phase(
            "change the type while the CHECKs are away",
            (
                *(f"{alter} DROP CONSTRAINT {item.name}" for item in found),
                statement.sql,
                *(
                    f"{alter} ADD CONSTRAINT {item.name} {item.definition} NOT VALID"
                    for item in found
                ),
            ),
        ),
        Phase(
            "check the rows that are there while reads and writes go on",
            tuple(f"{alter} VALIDATE CONSTRAINT {item.name}" for item in found),
        ),
    )
