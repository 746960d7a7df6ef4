"""Judging a run: the rules that are on, with excuses and the configuration applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run
from dbspecialist.rules.base import all_rules
from dbspecialist.tasks.configuration import Configuration, apply_configuration, is_on
from dbspecialist.tasks.excuses import apply_excuses


def judged(run: Run, configuration: Configuration, root: Path) -> tuple[Finding, ...]:
    """Judge a run by the rules that the configuration leaves on, excuses and severities applied."""
    paths = [trial.migration.path for trial in run.trials]
    found = apply_excuses(findings_of(run), root, paths)
    return tuple(_sorted(apply_configuration(found, configuration), run))


def findings_of(run: Run, select: Sequence[str] = ()) -> list[Finding]:
    """Judge a run by all rules, or the selected ones, sorted by place and rule."""
    configuration = Configuration(select=tuple(select))
    known = (item for item in all_rules() if run.engine in item.engines)
    rules = [item for item in known if is_on(item.id, configuration)]
    found = [
        finding for rule in rules for trial in run.trials for finding in rule.check(trial, run)
    ]
    found += [finding for rule in rules for finding in rule.check_run(run)]
    return _sorted(found, run)


def _sorted(found: Iterable[Finding], run: Run) -> list[Finding]:
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
