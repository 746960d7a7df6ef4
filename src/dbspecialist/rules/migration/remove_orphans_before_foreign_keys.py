"""A foreign key is refused while a row refers to one that is not there.

## What it does
Looks for foreign keys that are added with their check, or validated, on tables with rows: an error
where the planner's statistics have more distinct keys than there are rows to refer to, or keys
outside of the range of the referenced column, or where the database that is asked with `--database`
holds a row without its parent. Else it says that nobody looked, with the query that decides it: as
a warning where a key of the statistics lies outside of that range, as information elsewhere.

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
A row that an anti-join finds in the database itself. Statistics are those of a sample: they refute
by number alone, with room for rows that came since ANALYZE; a single key outside of the range
decides nothing. One value that the run gives all rows is refuted far outside of a dense range of
numbers, and silent where pg_stats holds it. Silent where the run itself changes the rows before,
since production tells nothing of them then.

## Source
PostgreSQL manual, "ALTER TABLE", ADD table_constraint; "pg_stats"; "PostgreSQL Error Codes", 23503
foreign_key_violation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._data_fit import fits, place, such_as

TITLE = "Remove rows without parents before a foreign key is checked"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each foreign key that a row breaks, or that nobody looked at."""
    for fit in fits(run, trial, "references"):
        claim = fit.claim
        if fit.proof.verdict in {"proven", "tested"} or (
            claim.obstacle and fit.proof.verdict != "refuted"
        ):
            continue
        severity, told = _told(fit)
        yield finding(
            severity=severity,
            message=f"Foreign key {claim.object} {told}",
            location=place(trial, fit),
            evidence=(fit.proof,),
            help="add it NOT VALID, mend the rows in steps that commit, then VALIDATE CONSTRAINT"
            if fit.proof.verdict == "refuted"
            else "run the query of the evidence first, or name the database with --database",
            relation=claim.relation,
        )


def _told(fit: DataFit) -> tuple[Severity, str]:
    child, parent = fit.claim.relation, fit.claim.reads[1]
    if fit.source == "database":
        row = f"a row of {child} without its row in {parent}{such_as(fit)}"
        return "error", f"is broken by {row}: it fails with 23503"
    if fit.proof.verdict == "refuted":
        row = f"rows of {child} without their row in {parent}{such_as(fit)}"
        return "error", f"is broken by {row}, as of the snapshot: it fails with 23503"
    unseen = f"fails with 23503 if a row of {child} has no row in {parent}, which is not known"
    return ("warning" if " lie outside of " in fit.proof.basis else "info"), unseen
