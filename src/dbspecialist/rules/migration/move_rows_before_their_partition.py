"""A partition is refused while rows lie on the wrong side of its bound.

## What it does
Looks for tables that are attached although rows of theirs lie outside of their bound, and for
partitions that are added while the DEFAULT partition holds rows that belong in them.

## Why it matters
The statement fails with 23514 after it has read the rows under its lock, and the deployment stops
there.

## Example
    CREATE TABLE logs_may PARTITION OF logs  -- logs_rest, the DEFAULT, has rows of May
        FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## Use instead
    CREATE TABLE logs_may (LIKE logs INCLUDING ALL);
    WITH moved AS (DELETE FROM logs_rest
        WHERE day >= '2026-05-01' AND day < '2026-06-01' RETURNING *)
    INSERT INTO logs_may SELECT * FROM moved;  -- in the transaction that attaches it
    ALTER TABLE logs ATTACH PARTITION logs_may FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');

## What proves it
The engine compares the most common values and the histogram bounds of the partition key with the
bound, on the twin. With `--database` the table itself is asked.

## Source
PostgreSQL manual, "Table Partitioning"; "ALTER TABLE", ATTACH PARTITION; "PostgreSQL Error Codes",
23514 check_violation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration._data_fit import fits, place, such_as, told_by

TITLE = "Move rows before a partition's bound refuses them"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each partition whose bound a value or a row breaks."""
    for fit in fits(run, trial, "bound"):
        if fit.proof.verdict != "refuted":
            continue
        claim = fit.claim
        is_attached = claim.object == claim.relation
        side = "outside of its bound" if is_attached else f"within the bound of {claim.object}"
        table = f"Table {claim.relation}" if is_attached else f"Partition {claim.relation}"
        yield finding(
            severity="error",
            message=(
                f"{table} has rows {side}, {told_by(fit)}{such_as(fit)}: "
                "the statement fails with 23514"
            ),
            location=place(trial, fit),
            evidence=(fit.proof,),
            help="move those rows to where they belong in the transaction that adds the partition",
            relation=claim.relation,
        )
