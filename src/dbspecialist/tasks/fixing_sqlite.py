"""Fixes of files that make tables of SQLite anew, each run before it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.engines.sqlite.rebuild import framed
from dbspecialist.engines.sqlite.script import split_script
from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.sqlite.scripts import Script
from dbspecialist.proofs.sqlite.trials import try_script
from dbspecialist.tasks.judging import findings_of
from dbspecialist.twins.sqlite.stage import Stage

#: What the frame of a rebuild mends.
MENDED = frozenset(
    {
        "check-foreign-keys-after-rebuilds",
        "keep-references-off-renamed-tables",
        "make-indexes-again-after-rebuilds",
        "make-rebuilds-in-one-transaction",
        "make-triggers-again-after-rebuilds",
        "set-foreign-keys-outside-transactions",
        "switch-foreign-keys-off-for-rebuilds",
    }
)
_LEGACY = "keep-references-off-renamed-tables"
_WHY = (
    "the same statements run, in one transaction with foreign keys off, and what went is made again"
)


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
            if item.location.path == trial.migration.path and item.rule in MENDED
        ]
        change = _change(scene, scripts[: number + 1], trial, own) if own else None
        if change is not None:
            path = trial.migration.path
            changes[path], originals[path] = change, (root / path).read_bytes()
    fixed = tuple(
        replace(item, fix=changes.get(item.location.path)) if item.rule in MENDED else item
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
    stage, root, run = scene.stage, scene.root, scene.run
    *earlier, script = scripts
    path = root / trial.migration.path
    if script.wraps or not path.is_file():
        return None
    text = script_text(path)
    if [item.sql for item in split_script(text, path)] != [item.sql for item in script.up]:
        return None  # the file holds more than the way up
    rules = {item.rule for item in findings}
    new = framed(text, list(_restored(trial)), enforces=stage.enforces, legacy=_LEGACY in rules)
    edited = replace(script, up=split_script(new, path))
    seen = try_script(stage, earlier, edited, run)
    after = replace(run, trials=tuple(seen if item is trial else item for item in run.trials))
    left = {
        item.rule
        for item in findings_of(after)
        if item.location.path == trial.migration.path and item.severity != "info"
    }
    if left & MENDED or left - {item.rule for item in findings_of(run)} or not _same(trial, seen):
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
    edit = FileEdit(trial.migration.path, new, text)
    phase = Phase(
        "make the tables anew without loss",
        tuple(item.sql for item in edited.up),
        transactional=False,
        edits=(edit,),
    )
    return Change("frame the rebuild as SQLite's manual does", (phase,), proofs, True, _WHY)


def _restored(trial: Trial) -> Iterator[str]:
    """Yield what makes the indexes and triggers again that go with a table that comes again."""
    dropped = {
        name
        for item in trial.statements
        if item.tags[0] in {"DROP INDEX", "DROP TRIGGER"}
        for name in item.drops
    }
    tables = {item.name for item in trial.after.of_kind("table")}
    columns = {item.name for item in trial.after.of_kind("column")}
    there = {
        item.attributes["columns"]
        for item in trial.after.objects
        if item.kind in {"index", "constraint"} and "columns" in item.attributes
    }
    for item in trial.before.of_kind("index", "trigger"):
        gone = trial.after.get(item.kind, item.name) is None and item.parent in tables
        if not gone or f"{item.kind} {item.name}" in dropped:
            continue
        names = item.attributes.get("columns", "").split(", ") if item.kind == "index" else []
        known = all(f"{item.parent}.{name}" in columns for name in names if name[:1] != "<")
        if known and item.attributes.get("columns") not in there:
            yield " ".join(item.create.split()) if item.kind == "index" else item.create.strip()


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
