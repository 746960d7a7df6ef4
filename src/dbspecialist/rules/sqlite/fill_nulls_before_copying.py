"""A copy into a NOT NULL column stops at the first row that holds NULL.

## What it does
Looks for copies of rows that fail since a new column is NOT NULL and the old one holds NULL.

## Why it matters
The INSERT … SELECT of a rebuild stops, and with it the migration. On a database without such rows,
as in tests, it goes through. With `INSERT OR REPLACE` or `OR IGNORE` the rows are lost instead.

## Example
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users SELECT id, email FROM users;

## Use instead
    INSERT INTO new_users SELECT id, coalesce(email, '') FROM users;

## What proves it
The statement is run on a file whose made-up rows hold NULL wherever it may be. The snapshot says
whether production's rows do: NULLs are counted when it is taken.

## Source
SQLite manual, "CREATE TABLE", "NOT NULL constraints".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at

TITLE = "Fill NULLs before copying into NOT NULL"
SEVERITY = "error"
ENGINES = ("sqlite",)

_FAILED = re.compile(r"NOT NULL constraint failed: (\S+?)\.(\S+)")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each copy that NULLs stop."""
    for item in trial.rows_errors:
        statement = trial.statements[item.index]
        found = _FAILED.match(item.error.message)
        if found is None or statement.tags[:1] not in {("INSERT",), ("REPLACE",), ("UPDATE",)}:
            continue
        nulls = _nulls(run, found[2], statement.scans)
        if nulls == 0:
            continue
        known = f"; production has {count(nulls)} of them" if nulls else ""
        yield finding(
            severity="error" if nulls else "warning",
            message=f"Rows with NULL stop it: {found[1]}.{found[2]} is NOT NULL{known}",
            location=at(trial, statement),
            evidence=(
                Proof(
                    "the copy takes every row",
                    "refuted",
                    f"{item.error.message} on the twin's made-up rows"
                    + (f"; counted by the snapshot: {count(nulls)}" if nulls else ""),
                ),
            ),
            help=f"write coalesce({found[2]}, …), or fill it before",
            relation=f"main.{found[1]}",
        )


def _nulls(run: Run, column: str, sources: tuple[str, ...]) -> float | None:
    """Return how many NULLs the column of that name holds in production, where that is known."""
    for table in sources:
        known = run.snapshot.column.get((table, column)) if run.snapshot else None
        if known is not None and run.snapshot is not None:
            size = run.snapshot.relation.get(table)
            return known.null_frac * (size.tuples if size else 0) * run.scale
    return None
