"""A row that others refer to is not deleted by a foreign key without an action.

## What it does
Looks for DELETEs from, and UPDATEs of keys of, tables that foreign keys with NO ACTION or RESTRICT
refer to, where the referring tables have rows in production: an error where the snapshot's
statistics, or the database that is asked, hold a row that refers to one of those; an info where
nothing decides it.

## Why it matters
The statement fails with 23503, and the deployment stops there.

## Example
    DELETE FROM customers WHERE id < 10;  -- orders refer to them

## Use instead
    DELETE FROM orders WHERE customer_id < 10;
    DELETE FROM customers WHERE id < 10;

## What proves it
The plan tells the condition. Where it is on the referenced column, the engine evaluates it, on the
twin, over the values of the referring column in pg_stats: a valid foreign key's values are those of
rows that are there. With `--database` the tables themselves are asked.

## Source
PostgreSQL manual, "Constraints", foreign keys; "PostgreSQL Error Codes", 23503
foreign_key_violation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._data_fit import fits, place, such_as, told_by

TITLE = "Delete rows that refer to others before these"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each foreign key that a DELETE meets."""
    for fit in fits(run, trial, "children"):
        claim, verdict = fit.claim, fit.proof.verdict
        if verdict not in {"refuted", "unchecked"}:
            continue
        child = claim.reads[0]
        told = (
            f"{child} refers to, {told_by(fit)}{such_as(fit)}: the statement fails with 23503"
            if verdict == "refuted"
            else f"{child} may refer to: it fails with 23503 if one does, which was not looked at"
        )
        yield finding(
            severity="error" if verdict == "refuted" else "info",
            message=f"Table {claim.relation} loses keys that {told}",
            location=place(trial, fit),
            evidence=(fit.proof,),
            help=f"delete the rows of {child} that refer to them first, or give them other parents",
            relation=claim.relation,
        )
