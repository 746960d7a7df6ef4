"""A CHECK that a row breaks is refused when the rows are read.

## What it does
Looks for CHECK constraints of tables and domains that are added, or validated, while a value in
production's statistics breaks them, or a row of the database that is asked with `--database`; and
for columns that are added with a domain, or changed to one, whose constraints their values break.

## Why it matters
The statement fails with 23514 (23502 for a domain that is NOT NULL) after it has read the table up
to that row, and the deployment stops there.

## Example
    ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total > 0);  -- some are 0

## Use instead
    ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total > 0) NOT VALID;
    UPDATE orders SET total = 0.01 WHERE NOT (total > 0);  -- in steps that each commit
    ALTER TABLE orders VALIDATE CONSTRAINT total_positive;

## What proves it
The engine evaluates the expression, on the twin, over the most common values and the histogram
bounds of a column: one that breaks it refutes the claim as of the snapshot. With `--database` the
table itself is asked.

## Source
PostgreSQL manual, "ALTER TABLE", ADD table_constraint; "pg_stats"; "PostgreSQL Error Codes", 23514
check_violation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.names import listed
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._computed import is_computed
from dbspecialist.rules.migration._data_fit import fits, place, such_as, told_by

TITLE = "Check the data before a CHECK constraint is added"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each CHECK that a value or a row breaks."""
    for fit in fits(run, trial, "check"):
        claim = fit.claim
        if fit.proof.verdict != "refuted":
            yield from _unknown(trial, run, fit)
            continue
        told = _told(fit)
        yield finding(
            severity="error",
            message=_broken(trial, claim, f"{told}{such_as(fit)}"),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help=_help(trial, claim),
            relation=claim.relation,
        )


#: How an obstacle ends that is a function of the run's own.
_NEW_CODE = "is made or changed by this run"


def _unknown(trial: Trial, run: Run, fit: DataFit) -> Iterator[Finding]:
    """Yield a finding for a CHECK of a column that the run fills with what it computes."""
    claim, table = fit.claim, trial.after.get("constraint", fit.claim.object)
    if not claim.obstacle or claim.index is None or table is None:
        return
    index, columns = claim.index, listed(table.attributes.get("columns", ""))
    then = (trial.name_then(claim.relation, name, index) for name in columns)
    is_new = claim.obstacle.endswith(_NEW_CODE)
    if is_new or any(is_computed(run, trial.statements[index], *name) for name in then):
        why = "it calls what the run makes" if is_new else "the run computes the values"
        yield finding(
            severity="info",
            message=(
                f"Whether every row satisfies {claim.object} is not known, {why}: it fails with "
                "23514 where one does not"
            ),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help=_HELP,
            relation=claim.relation,
        )


def _help(trial: Trial, claim: Claim) -> str:
    if trial.after.get("column", claim.object):
        return "write an expression that has a value for every row"
    return _OF_DOMAIN if _gets_domain(trial, claim) else _HELP


_HELP = "add it NOT VALID, mend the rows in steps that commit, then VALIDATE CONSTRAINT"
_OF_DOMAIN = (
    "mend the rows in steps that commit, or give the column the domain's own type and a NOT VALID "
    "check that is validated later"
)


def _broken(trial: Trial, claim: Claim, by: str) -> str:
    """Say what is broken by what, and the error that it leads to."""
    if trial.after.get("domain", claim.object):
        return f"NOT NULL of domain {claim.object} is broken by {by}: it fails with 23502"
    if trial.after.get("column", claim.object) or claim.object in _changed(trial, claim):
        return (
            f"NOT NULL of {claim.object}, computed by USING, is broken by {by}: it fails with 23502"
        )
    return f"Constraint {claim.object} is broken by {by}: it fails with 23514"


def _changed(trial: Trial, claim: Claim) -> list[str]:
    """Return the columns that the statement of a claim changes."""
    changes = () if claim.index is None else trial.statements[claim.index].columns
    return [item.after.name for item in changes if item.after]


def _gets_domain(trial: Trial, claim: Claim) -> bool:
    """Tell whether it is a column's new type whose constraint is broken."""
    changes = () if claim.index is None else trial.statements[claim.index].columns
    return any(
        item.after and trial.after.get("domain", item.after.attributes["type"]) for item in changes
    )


def _told(fit: DataFit) -> str:
    """Say what breaks a constraint, and when it was seen."""
    table = fit.claim.relation
    if fit.source == "run":
        return f"the value that the run gives every row of {table}"
    what = "a row" if fit.source == "database" else f"a value of {fit.claim.columns[0]}"
    return f"{what} of {table} {told_by(fit)}"
