"""A statement of the application that works before the migration fails after it.

## What it does
Reports statements of the workload and of the models that the engine plans before the migration
and refuses after it, where no other rule says why. One finding for each refusal.

## Why it matters
Old code runs until the deployment is over, and longer where it is taken back: each of these
statements fails from the moment the migration commits.

## Example
    DROP VIEW active_users;  -- the application still reads it

## Use instead
Expand, deploy, contract: first add what the new code needs, deploy it, and take away what the
old code needed in a later migration.

## What proves it
The statement is planned on the twin before and after the migration.

## Source
PostgreSQL manual, "EXPLAIN", GENERIC_PLAN; "PostgreSQL Error Codes".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.migration import (
    drop_columns_after_code,
    drop_tables_in_two_steps,
    give_required_columns_a_default,
    list_what_cascade_drops,
    move_tables_with_a_view,
    prefer_jsonb,
    rename_columns_in_steps,
    rename_enum_values_in_steps,
    rename_tables_behind_a_view,
)
from dbspecialist.rules.migration._code import code_evidence

TITLE = "Keep old code working"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: Rules that name the object behind a refusal.
EXPLAINING: tuple[Callable[[Trial, Run], Iterable[Finding]], ...] = (
    drop_columns_after_code.check,
    drop_tables_in_two_steps.check,
    give_required_columns_a_default.check,
    list_what_cascade_drops.check,
    move_tables_with_a_view.check,
    prefer_jsonb.check,
    rename_columns_in_steps.check,
    rename_enum_values_in_steps.check,
    rename_tables_behind_a_view.check,
)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each refusal that no other rule explains."""
    if not trial.broken:
        return
    explained = [
        proof.basis for rule in EXPLAINING for item in rule(trial, run) for proof in item.evidence
    ]
    told: set[str] = set()
    for broken in trial.broken:
        message = broken.error.message
        if message in told or any(message in basis for basis in explained):
            continue
        told.add(message)
        only = trial.statements[0] if len(trial.statements) == 1 else None
        alike = sum(1 for item in trial.broken if item.error.message == message)
        number = f"{alike} statements" if alike > 1 else "A statement"
        fail = "fail" if alike > 1 else "fails"
        yield finding(
            severity="error",
            message=(
                f"{number} of the application {fail} after the migration with "
                f"{broken.error.sqlstate}: {message}"
            ),
            location=trial.location(only),
            evidence=(code_evidence(run, broken),),
            help="take it away in a later migration, once no code that needs it runs",
        )
