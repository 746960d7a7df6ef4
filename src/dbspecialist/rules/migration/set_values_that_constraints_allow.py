"""An UPDATE is refused at the first row whose new value a constraint does not allow.

## What it does
Looks for UPDATEs that set columns which are NOT NULL, of a domain with a CHECK, of a length or
precision, or in a CHECK of the table, while a value in production's statistics becomes one that is
refused, or a row of the database that is asked with `--database` does. An UPDATE of a foreign key's
columns is an info where the database is not asked.

## Why it matters
The statement fails with 23502, 23503, 23514, 22001 or 22003 after it has changed the rows up to
that one, and all of them are undone.

## Example
    UPDATE products SET price = price - 5;  -- CHECK (price > 0), and some cost 3

## Use instead
    UPDATE products SET price = price - 5 WHERE price > 5;

and a decision for the others.

## What proves it
The plan tells the new values. The engine puts the most common values and the histogram bounds of
the columns that they are made of into them, and those into the constraint, on the twin. With
`--database` the table itself is asked.

## Source
PostgreSQL manual, "Constraints"; "PostgreSQL Error Codes", classes 22 and 23.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._data_fit import fits, place, such_as, told_by

TITLE = "Set values that the constraints allow"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each constraint that a new value breaks."""
    for fit in fits(run, trial, "update"):
        claim = fit.claim
        if fit.proof.verdict == "unchecked" and not claim.misfit:
            yield _unchecked(trial, fit)
        if fit.proof.verdict == "unchecked" and _SETS_NULL.search(claim.misfit):
            yield from _null(trial, fit)
        if fit.proof.verdict != "refuted":
            continue
        seen = ", for every row" if fit.source == "run" else f", {told_by(fit)}{such_as(fit)}"
        yield finding(
            severity="error",
            message=(
                f"Table {claim.relation} gets values that {claim.object} refuses{seen}: "
                f"the statement fails with {_code(claim)}"
            ),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help="leave out the rows whose new value is refused, and decide what becomes of them",
            relation=claim.relation,
        )


#: Where NULL itself is set: each row that the statement changes is refused.
_SETS_NULL = re.compile(r"(?:^|AND )\(NULL(?:::[^()]+(?:\([^()]*\))?)?\) IS NULL$")
#: So many rows are taken to be there where the planner counts them.
_SURE = 100


def _null(trial: Trial, fit: DataFit) -> Iterator[Finding]:
    """Yield a finding for NULL in a column that refuses it, for rows that a condition chooses."""
    claim = fit.claim
    rows = 0.0
    if claim.index is not None:
        rows = trial.statements[claim.index].rows_modified.get(claim.relation, 0.0)
    if rows >= 1:
        yield finding(
            severity="error" if rows >= _SURE else "warning",
            message=(
                f"Table {claim.relation} gets NULL in {claim.object} for about {count(rows)} rows, "
                "as the planner counts them: the statement fails with 23502 if there is one"
            ),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help="set a value, or drop NOT NULL before",
            relation=claim.relation,
        )


def _code(claim: Claim) -> str:
    """Return the SQLSTATE of the refusal."""
    if not claim.misfit:
        return "23503"
    if claim.misfit.endswith(" IS NULL"):
        return "23502"
    if "length(rtrim(" in claim.misfit:
        return "22001"
    return "22003" if "abs(round(" in claim.misfit else "23514"


def _unchecked(trial: Trial, fit: DataFit) -> Finding:
    claim = fit.claim
    return finding(
        severity="info",
        message=(
            f"Table {claim.relation} gets values of {claim.object}, and whether {claim.reads[1]} "
            "has them was not looked at"
        ),
        location=place(trial, fit),
        evidence=(fit.proof,),
        help="ask the tables with --database",
        relation=claim.relation,
    )
