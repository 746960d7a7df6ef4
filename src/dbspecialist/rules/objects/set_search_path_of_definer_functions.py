"""A SECURITY DEFINER function without search_path runs what its caller puts in the way.

## What it does
Looks for functions with SECURITY DEFINER that a migration creates or changes, and that do not
set search_path.

## Why it matters
The function runs with its owner's rights, and finds tables and operators by the caller's path.
A caller who may create objects anywhere on that path chooses what it runs.

## Example
    CREATE FUNCTION pay(id bigint) RETURNS void LANGUAGE sql SECURITY DEFINER AS '...';

## Use instead
    CREATE FUNCTION pay(id bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS '...';

## What proves it
The catalogue after the migration.

## Source
PostgreSQL manual, "CREATE FUNCTION", section "Writing SECURITY DEFINER Functions Safely".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding

TITLE = "Set search_path of SECURITY DEFINER functions"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each new or changed definer function without a path of its own."""
    for item in trial.differences:
        routine = item.after
        if routine is None or routine.attributes.get("security") != "definer":
            continue
        # pg_get_functiondef writes a function's settings as SET clauses.
        if " SET search_path TO " not in routine.attributes.get("definition", ""):
            yield finding(
                severity="warning",
                message=(
                    f"{routine.kind.capitalize()} {routine.name} runs with its owner's rights and "
                    "its caller's search_path"
                ),
                location=trial.location(),
                evidence=(
                    Proof(
                        f"{routine.name} sets search_path", "refuted", "the catalogue on the twin"
                    ),
                ),
                help="SET search_path = pg_catalog, pg_temp in the function",
                relation=routine.name,
            )
