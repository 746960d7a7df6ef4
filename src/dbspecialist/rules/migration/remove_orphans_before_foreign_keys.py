"""A foreign key is refused while a row refers to one that is not there.

## What it does
Looks for foreign keys that are added with their check, or validated, while the database that is
asked with `--database` holds a row without its parent.

## Why it matters
The statement fails with 23503 after it has looked up the rows before it, under a lock that stops
writes to both tables, and the deployment stops there.

## Example
    ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;  -- user 77 is gone

## Use instead
    ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;
    UPDATE orders SET user_id = NULL
     WHERE NOT EXISTS (SELECT FROM users WHERE users.id = orders.user_id);  -- in steps that commit
    ALTER TABLE orders VALIDATE CONSTRAINT orders_user;

## What proves it
A row that an anti-join finds in the database itself. Statistics tell nothing of single rows, so
without `--database` the rule is silent.

## Source
PostgreSQL manual, "ALTER TABLE", ADD table_constraint; "PostgreSQL Error Codes", 23503
foreign_key_violation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._data_fit import fits, place, such_as

TITLE = "Remove rows without parents before a foreign key is checked"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each foreign key that a row breaks."""
    for fit in fits(run, trial, "references"):
        claim = fit.claim
        if fit.proof.verdict != "refuted":
            continue
        yield finding(
            severity="error",
            message=(
                f"Foreign key {claim.object} is broken by a row of {claim.relation} without its "
                f"row in {claim.reads[1]}{such_as(fit)}: it fails with 23503"
            ),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help="add it NOT VALID, mend the rows in steps that commit, then VALIDATE CONSTRAINT",
            relation=claim.relation,
        )
