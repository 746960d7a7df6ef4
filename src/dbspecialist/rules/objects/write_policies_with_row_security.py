"""Row security without a policy hides every row from everyone but the owner.

## What it does
Looks for tables that have row security after a migration, had none before, and have no policy.

## Why it matters
With row security and no policy the default is to deny: the application reads empty tables, and
its inserts fail.

## Example
    ALTER TABLE orders ENABLE ROW LEVEL SECURITY;

## Use instead
    CREATE POLICY own_orders ON orders USING (user_id = current_setting('app.user')::bigint);
    ALTER TABLE orders ENABLE ROW LEVEL SECURITY;

## What proves it
The catalogue after the migration.

## Source
PostgreSQL manual, "Row Security Policies".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding

TITLE = "Write policies with row security"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each table whose rows are hidden from now on."""
    for item in trial.differences:
        table = item.after
        if table is None or table.kind not in {"table", "partitioned table"}:
            continue
        had = item.before is not None and item.before.attributes.get("row_security") == "true"
        if had or table.attributes.get("row_security") != "true":
            continue
        if not any(trial.after.parts_of(table.name, "policy")):
            yield finding(
                severity="info" if run.is_empty(table.name) else "error",
                message=(
                    f"{table.name} has row security and no policy: everyone but its owner "
                    "sees no row"
                ),
                location=trial.location(),
                evidence=(
                    Proof(f"{table.name} has a policy", "refuted", "the catalogue on the twin"),
                ),
                help="CREATE POLICY in the same migration",
                relation=table.name,
            )
