"""Several heads: what `upgrade head` does is not decided.

## What it does
Reports a history in which more than one revision is followed by no other.

## Why it matters
Two branches of code added a revision each to the same parent. `alembic upgrade head` refuses,
and the order in which they run on one database need not be that of another.

## Example
    down_revision = "a1"  # in two files

## Use instead
    alembic merge heads

## What proves it
The revision files.

## Source
Alembic documentation, "Working with Branches".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run
from dbspecialist.rules.findings import finding

TITLE = "Merge heads"
SEVERITY = "warning"
ENGINES = ("postgresql",)


def check_run(run: Run) -> Iterator[Finding]:
    """Yield a finding for a history with several heads."""
    if len(run.heads) < 2:
        return
    named = ", ".join(run.heads)
    yield finding(
        severity="warning",
        message=f"The history has {len(run.heads)} heads ({named}): their order is not decided",
        location=Location(run.trials[-1].migration.path),
        evidence=(Proof("the history has one head", "refuted", named),),
        help="alembic merge heads",
    )
