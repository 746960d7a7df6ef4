"""A dropped column's values are gone, and no downgrade brings them back.

## What it does
Counts the values that a dropped column holds in production, from its share of NULLs. Silent
where all are NULL, where the table is empty, where the run copies rows to a new column first, and
where the database that is asked with `--database` holds no value.

## Why it matters
DROP COLUMN asks nothing. A downgrade that adds the column again adds it empty.

## Example
    ALTER TABLE users DROP COLUMN nickname;

## Use instead
    CREATE TABLE users_nickname_kept AS SELECT id, nickname FROM users WHERE nickname IS NOT NULL;
    ALTER TABLE users DROP COLUMN nickname;

or stop writing the column, and drop it once nobody misses it.

## What proves it
The share of NULLs in pg_stats and the table's row count, as of the snapshot. The database decides
whether there is a value where it is asked.

## Source
PostgreSQL manual, "pg_stats"; "ALTER TABLE", DROP COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._data_fit import fit_of, such_as, with_query
from dbspecialist.rules.migration._drops import dropped_columns, is_copied, loss, successor

TITLE = "Count what a dropped column loses"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each dropped column with values."""
    for statement, column in dropped_columns(trial, run):
        fit = fit_of(run, trial, "loss", column.name)
        lost = _by_database(fit, loss(trial, run, statement, column))
        if lost is None or successor(trial, column) or is_copied(run, trial, statement, column):
            continue
        if "generated" in column.attributes:
            continue
        severity, told, proof = lost
        yield finding(
            severity=severity,
            message=f"Column {column.name} goes with {told}",
            location=at(trial, statement),
            evidence=(seen(f"drops {column.name}"), with_query(proof, fit)),
            help="keep a copy of the values, or drop the column once nobody misses them",
            relation=column.parent,
        )


def _by_database(
    fit: DataFit | None, lost: tuple[Severity, str, Proof] | None
) -> tuple[Severity, str, Proof] | None:
    """Let the database decide whether there is a value; how many there are, statistics tell."""
    if fit is None or fit.source != "database":
        return lost
    if fit.proof.verdict == "proven":
        return None
    told = lost[1] if lost and lost[0] == "error" else f"values{such_as(fit)}"
    return "error", told, fit.proof
