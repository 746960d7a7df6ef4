"""A CHECK that a row does not pass makes its statement fail when the copy has come to the row.

## What it does
Looks for CHECK constraints that a statement adds to a table that production has rows in, where the
database was not asked for a row that does not pass, or has one.

## Why it matters
The engine copies the table and checks each row on the way, while writes wait. At the first that
does not pass it gives up with error 4025 (MySQL: 3819), and writes have waited for nothing.

## Example
    ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0);

## Use instead
    SELECT id FROM orders WHERE NOT (total >= 0) LIMIT 1;

before it; `dbs prove --database URL` sends this query.

## What proves it
The query, in a READ ONLY transaction on the database; without it nothing is known.

## Source
MariaDB documentation, "CONSTRAINT", CHECK constraints.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import alters, is_decided, of_rows

TITLE = "Look for rows that a CHECK refuses"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")

_ERRORS = {"mysql": 3819, "mariadb": 4025}


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new CHECK that rows may not pass."""
    for statement, lock in alters(trial, run):
        for item in statement.changes:
            made = item.after
            if item.before is not None or made is None or made.kind != "constraint":
                continue
            rows = of_rows(trial, run, statement, made.name, "check")
            if rows is None or is_decided(rows, "proven"):
                continue
            yield finding(
                severity="error" if is_decided(rows, "refuted") else "info",
                message=(
                    f"Constraint {made.name}: rows of {made.parent} that do not pass "
                    f"{made.attributes['expression']} make it fail with error "
                    f"{_ERRORS[run.engine]}"
                ),
                location=at(trial, statement),
                evidence=(rows,),
                help="look for them first (--database asks), and mend them in batches",
                relation=lock.relation,
            )
