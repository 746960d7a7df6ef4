"""A stored column, or an index on an expression, fails at the first row that it cannot compute.

## What it does
Looks for new stored generated columns and new indexes on expressions whose expression fails for a
value in production's statistics, or for a row of the database that is asked with `--database`.

## Why it matters
The statement fails with an error of class 22 (division by zero, a value out of range, a text that
is no number) after it has read the table up to that row, and the deployment stops there.

## Example
    ALTER TABLE orders ADD share numeric GENERATED ALWAYS AS (1 / total) STORED;  -- some are 0

## Use instead
    ALTER TABLE orders ADD share numeric GENERATED ALWAYS AS (1 / NULLIF(total, 0)) STORED;

## What proves it
The engine computes the expression, on the twin, for the most common values and the histogram bounds
of its column. With `--database` it is computed for all rows, and none is returned.

## Source
PostgreSQL manual, "Generated Columns"; "Indexes on Expressions"; "PostgreSQL Error Codes", class
22.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._data_fit import fits, place, told_by

TITLE = "Compute only what every row allows"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each expression that fails for a value or a row."""
    for fit in fits(run, trial, "computed"):
        if fit.proof.verdict != "refuted":
            continue
        yield finding(
            severity="error",
            message=(
                f"{fit.claim.object} cannot be computed for a row of {fit.claim.relation}, "
                f"{told_by(fit)}: it fails with {fit.counterexample or 'an error of class 22'}"
            ),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help="write an expression that has a value, or NULL, for every row",
            relation=fit.claim.relation,
        )
