"""Prove: what each pending migration does to production, tried on a twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.base import all_rules

# from dbspecialist.toolchains import find_projects

# from dbspecialist.toolchains.pending import pending

Progress = Callable[[str], None]

MAX_BLOCKED_MS = 1000.0


def findings_of(run: Run, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Finding]:
    """Judge a run by all rules, or the selected ones, sorted by place and rule."""
    found = [
        finding
        for rule in all_rules()
        if "postgresql" in rule.engines
        and (not select or rule.id in select)
        and rule.id not in ignore
        for trial in run.trials
        for finding in rule.check(trial, run)
    ]
    order = {trial.migration.path: number for number, trial in enumerate(run.trials)}
    return sorted(
        found,
        key=lambda item: (
            order.get(item.location.path, -1),
            item.location.line or 0,
            item.rule,
            item.message,
        ),
    )


def migration_report(trial: Trial) -> MigrationReport:
    """Return what a report says of a trial."""
    unchecked = Proof("the way back restores what was there", "unchecked", "it was not tried")
    back = trial.round_trip.proof if trial.round_trip else unchecked
    return MigrationReport(trial.migration, trial.statements, back)
