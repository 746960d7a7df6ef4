"""Fixes of files that make tables of SQLite anew, each run before it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.engines.sqlite.script import split_script
from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.change import Change
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.scripts import Script
from dbspecialist.proofs.sqlite.trials import try_script
from dbspecialist.rules.base import all_rules, rules_by_id
from dbspecialist.tasks.judging import findings_of
from dbspecialist.twins.sqlite.stage import Stage

_WHY = (
    "the same statements run, in one transaction with foreign keys off, and what went is made again"
)


@cache
def mended_rules() -> frozenset[str]:
    """Return the rules of SQLite that have a fix."""
    return frozenset(rule.id for rule in all_rules() if rule.engines == ("sqlite",) and rule.fix)


def prove_fixes(
    stage: Stage,
    root: Path,
    scripts: Sequence[Script],
    run: Run,
    findings: Sequence[Finding],
) -> tuple[tuple[Finding, ...], Mapping[str, bytes | None]]:
    """Return the findings with the fixes that were run and are right, and the files they edit.

    Args:
        stage: Where to run them.
        root: The project's root.
        scripts: The migrations' statements, those before the first trial among them.
        run: What was seen of the migrations as they are.
        findings: What the rules said of them.
    """
    changes: dict[str, Change] = {}
    originals: dict[str, bytes | None] = {}
    scene = _Scene(stage, root, run)
    by_revision = {item.migration.revision: n for n, item in enumerate(scripts)}
    for trial in run.trials:
        number = by_revision[trial.migration.revision]
        own = [
            item
            for item in findings
            if item.location.path == trial.migration.path and item.rule in mended_rules()
        ]
        change = _change(scene, scripts[: number + 1], trial, own) if own else None
        if change is not None:
            path = trial.migration.path
            changes[path], originals[path] = change, (root / path).read_bytes()
    fixed = tuple(
        replace(item, fix=changes.get(item.location.path)) if item.rule in mended_rules() else item
        for item in findings
    )
    return fixed, originals


@dataclass(frozen=True)
class _Scene:
    """Where files are run, and what was seen of them as they are."""

    stage: Stage
    root: Path
    run: Run


def _change(
    scene: _Scene, scripts: Sequence[Script], trial: Trial, findings: Sequence[Finding]
) -> Change | None:
    """Write a file anew and run it; nothing where that does not mend it or does anything else."""
    run, (*earlier, script) = scene.run, scripts
    path = scene.root / trial.migration.path
    rules = {item.rule for item in findings}
    fix = rules_by_id()[min(rules)].fix
    phases = fix(trial, trial.statements[0], run) if fix and trial.statements else None
    if script.wraps or not phases or not path.is_file():
        return None
    new = phases[0].edits[0].text
    if [item.sql for item in split_script(script_text(path))] != [item.sql for item in script.up]:
        return None  # the file holds more than the way up
    edited = replace(script, up=split_script(new, path))
    seen = try_script(scene.stage, earlier, edited, run)
    after = replace(run, trials=tuple(seen if item is trial else item for item in run.trials))
    left = {
        item.rule
        for item in findings_of(after)
        if item.location.path == trial.migration.path and item.severity != "info"
    }
    if (
        left & mended_rules()
        or left - {item.rule for item in findings_of(run)}
        or not _same(trial, seen)
    ):
        return None
    proofs = (
        Proof(
            "the hazard is gone",
            "proven",
            f"run on the twin: {', '.join(sorted(rules))} say nothing",
        ),
        Proof(
            "it ends in the same tables",
            "proven",
            "the catalogues on the twin are alike but for what is made again",
        ),
    )
    return Change("frame the rebuild as SQLite's manual does", phases, proofs, True, _WHY)


def _same(before: Trial, after: Trial) -> bool:
    """Whether the edited file does what the original does, and makes again what that lost."""
    if any(item.error for item in after.statements) and not any(
        item.error for item in before.statements
    ):
        return False
    if after.rows_errors and not before.rows_errors:
        return False
    for item in differences(before.after, after.after):
        made_again = item.before is None and item.object.kind in {"index", "trigger"}
        mended = item.object.kind in {"view", "trigger", "constraint"} and item.before is not None
        same_name = set(item.changed) <= {"error", "references"}
        if not made_again and not (mended and same_name):
            return False
    return True
