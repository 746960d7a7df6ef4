"""A grant to PUBLIC gives a right to every role there is and will be.

## What it does
Looks for privileges on tables, sequences, functions and schemas that a migration gives to PUBLIC.

## Why it matters
Roles made later for reporting, support or a partner have the right too.

## Example
    GRANT SELECT ON customers TO PUBLIC;

## Use instead
    GRANT SELECT ON customers TO reporting;

## What proves it
The access privileges in the catalogue before and after.

## Source
PostgreSQL manual, "GRANT".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding

TITLE = "Grant to roles and not to PUBLIC"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each privilege that everyone has from now on."""
    for item in trial.differences:
        grant = item.after
        if grant is None or grant.kind != "grant" or not grant.name.endswith(" to PUBLIC"):
            continue
        before = item.before.attributes.get("privileges", "") if item.before else ""
        new = set(grant.attributes.get("privileges", "").split(", ")) - set(before.split(", "))
        if new and grant.parent:
            rights = ", ".join(sorted(new))
            yield finding(
                severity="warning",
                message=f"{grant.parent} gives {rights} to every role (PUBLIC)",
                location=trial.location(),
                evidence=(
                    Proof(f"PUBLIC gets {rights} on {grant.parent}", "proven", "the catalogue"),
                ),
                help="grant to the roles that need it",
                relation=grant.parent,
            )
