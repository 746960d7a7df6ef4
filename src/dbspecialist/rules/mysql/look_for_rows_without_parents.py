"""A foreign key that is added without checks says nothing of the rows that are there.

## What it does
Looks for foreign keys that a statement adds to a table that production has rows in, where the
database was not asked whether each row has its parent, or has one that lacks it.

## Why it matters
With foreign_key_checks=1 a row without a parent makes the statement fail with error 1452, after
the table was copied up to it. With foreign_key_checks=0 the row stays, the key looks as if it held,
and the first UPDATE of such a row fails.

## Example
    SET SESSION foreign_key_checks = 0;
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id), ALGORITHM=INPLACE;

## Use instead
    SELECT o.id FROM orders o LEFT JOIN users u ON u.id = o.user_id
    WHERE o.user_id IS NOT NULL AND u.id IS NULL LIMIT 1;

before it; `dbs prove --database URL` sends this query.

## What proves it
The query, in a READ ONLY transaction on the database; without it nothing is known.

## Source
MySQL manual, "FOREIGN KEY Constraints", foreign key checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.mysql._alters import alters, is_decided, new_foreign_keys, of_rows

TITLE = "Look for rows without parents before a foreign key"
SEVERITY = "error"
ENGINES = ("mysql", "mariadb")


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each foreign key whose rows may lack their parents."""
    for statement, lock in alters(trial, run):
        for key in new_foreign_keys(statement):
            rows = of_rows(trial, run, statement, key.name, "references")
            if rows is None or is_decided(rows, "proven"):
                continue
            refuted = is_decided(rows, "refuted")
            checked = statement.settings.get("foreign_key_checks") == "1"
            effect = "make it fail with error 1452" if checked else "stay, since none is checked"
            yield finding(
                severity="error" if refuted else "info" if checked else "warning",
                message=(
                    f"Foreign key {key.name}: rows of {key.parent} without their row in "
                    f"{key.attributes['references']} {effect}"
                ),
                location=at(trial, statement),
                evidence=(rows,),
                help="look for them first (--database asks), and delete or mend them in batches",
                relation=lock.relation,
            )
