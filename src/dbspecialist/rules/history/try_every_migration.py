"""A migration that was not run has no verdict, and neither have those after it.

## What it does
Counts the pending migrations that were not run on the twin, and says why: packages are missing, a
limit of the twin was reached, or an earlier migration stops.

## Why it matters
A report without findings says that nothing was found. It does not say so of what was not tried.

## Example
    from alembic_utils.pg_function import PGFunction   # not installed where dbs runs

## Use instead
    dbs prove --python .venv/bin/python

## What proves it
The toolchain's own runner stops before the migration's statements are sent.

## Source
Python documentation, "The import system"; Alembic documentation, "Tutorial", on env.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.migration import UNREADABLE
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import plural
from dbspecialist.rules.findings import finding

TITLE = "Let every pending migration be tried"
SEVERITY = "error"
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")

_OF_NODE = frozenset({"typeorm", "sequelize"})


def check_run(run: Run) -> Iterator[Finding]:
    """Yield a finding where migrations were not tried, at the first of them."""
    for trial in run.trials:
        if trial.migration.not_run:
            yield _passed_over(trial)
    untried = [item for item in run.trials if item.untried and not item.migration.not_run]
    if not untried:
        return
    first = untried[0]
    number = f"{len(untried):,} of {plural(len(run.trials), 'migration')}"
    reason = f"{first.migration.revision}: {first.untried}"
    # What stops it here may not stop it in production: then nothing else says that these are open.
    unsure = any(trial.needs_rows and not trial.needs_rows.passed for trial in run.trials)
    yield finding(
        severity=_severity(first.untried, unsure),
        message=f"{number} not tried, from {reason}",
        location=first.location(),
        evidence=(Proof("every pending migration was tried", "unchecked", reason),),
        help=f"mend what stops first, {remedy(first.migration.toolchain)}",
    )


def remedy(toolchain: str) -> str:
    """Say how a toolchain gets the packages that its migrations need."""
    if toolchain in _OF_NODE:
        return "or install what it needs (node, npm install)"
    if toolchain == "alembic":
        return "install what it needs, or name its interpreter with --python"
    return "or try it on a copy of production"


def _passed_over(trial: Trial) -> Finding:
    name, reason = trial.migration.revision, trial.migration.not_run
    return finding(
        severity="warning",
        message=f"{name} is not tried: {reason}",
        location=trial.location(),
        evidence=(Proof(f"what {name} does is known", "unchecked", reason),),
        help="try it on a copy of production, or write it in SQL",
    )


def _severity(reason: str, unsure: bool) -> Severity:
    """Return `error` for a file that cannot be read: the rest of the report would pass it over."""
    if reason.startswith(UNREADABLE):
        return "error"
    return "warning" if unsure else "info"
