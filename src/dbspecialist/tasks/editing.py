"""Fixes as edits of the migrations' files, each run from the edited files before it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.edits import EditedRun, judge_edited, run_edited
from dbspecialist.proofs.fixes import Attempt
from dbspecialist.tasks.fixing import OF_RUNS, hazard_gone
from dbspecialist.tasks.proposing import statement_of
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.writing import rewritten
from dbspecialist.twins.stage import Stage

#: The bytes of files as they were read, nothing for those that are not there.
Originals = Mapping[str, bytes | None]

_NO_FORM = "the statement's place in the file, or the form of the fix there, is not sure"


@dataclass(frozen=True)
class Edited:
    """Findings with the edits of files that were proven, and those files as they were read."""

    findings: tuple[Finding, ...]
    originals: Originals = field(default_factory=dict)


@dataclass(frozen=True)
class Rehearsal:
    """What was seen of the files with all their edits, whose fixes were not proven yet."""

    edits: Sequence[FileEdit]
    seen: EditedRun


@dataclass(frozen=True)
class _Draft:
    """The edits of one trial's files for some of its findings."""

    number: int
    findings: tuple[Finding, ...]
    edits: tuple[FileEdit, ...]
    originals: Originals


@dataclass(frozen=True)
class _Scene:
    """Where drafts are run."""

    stage: Stage
    template: str
    project: Project
    run: Run
    rehearsal: Rehearsal | None = None

    def prove(self, drafts: Sequence[_Draft]) -> dict[int, tuple[Proof, ...]]:
        """Run drafts together; return the proofs by finding, nothing where one is refuted."""
        known = self.rehearsal
        trials, edits = self.all_of(drafts)
        if known is not None and known.edits == edits:
            seen = known.seen
        else:
            seen = run_edited(self.stage, self.template, self.project, trials, edits)
        fixes = (item.fix for draft in drafts for item in draft.findings if item.fix is not None)
        fixed = {sql.strip() for fix in fixes for phase in _new(fix) for sql in phase.up}
        same = judge_edited(trials, seen, self.project.name, fixed)
        if same.verdict == "refuted":
            return {}
        proofs: dict[int, tuple[Proof, ...]] = {
            id(finding): (same, self._gone(item, seen, finding))
            for item in drafts
            for finding in item.findings
        }
        refuted = any(proof.verdict == "refuted" for found in proofs.values() for proof in found)
        return {} if refuted else proofs

    def all_of(self, drafts: Sequence[_Draft]) -> tuple[Sequence[Trial], list[FileEdit]]:
        """Return the trials up to the last that has a draft, and the edits of all drafts."""
        last = max(item.number for item in drafts)
        return self.run.trials[: last + 1], [edit for item in drafts for edit in item.edits]

    def _gone(self, draft: _Draft, seen: EditedRun, finding: Finding) -> Proof:
        trial = self.run.trials[draft.number]
        tried = Attempt(tuple(seen.statements[trial.migration.revision]), trial.after)
        return hazard_gone(trial, tried, self.run, finding, draft.findings)


def rehearse(
    stage: Stage, template: str, project: Project, run: Run, findings: Sequence[Finding]
) -> Rehearsal | None:
    """Run all edits together, as `with_edits` does first, while their fixes are still proven.

    Args:
        findings: What the rules said, with fixes as they were proposed; the others as there.
    """
    scene = _Scene(stage, template, project, run)
    drafts = _drafts(scene, findings)
    if not drafts:
        return None
    trials, edits = scene.all_of(drafts)
    return Rehearsal(edits, run_edited(stage, template, project, trials, edits))


def with_edits(
    stage: Stage,
    template: str,
    project: Project,
    run: Run,
    findings: Sequence[Finding],
    *,
    rehearsal: Rehearsal | None = None,
) -> Edited:
    """Return the findings whose fixes are edits of files with these edits, proven.

    All edits are run together. Where that does not end where the original ends, each migration's
    are run alone, then each fix.

    Args:
        stage: Where to run them.
        template: The stage's database in the state before the first trial.
        project: Whose files they are.
        run: What was seen of the migrations as they are.
        findings: What the rules said of them, with fixes that were proven.
        rehearsal: What was seen of all edits together, which holds where all fixes were proven.
    """
    scene = _Scene(stage, template, project, run, rehearsal)
    proven = _proven(scene, _drafts(scene, findings))
    changed: dict[int, Change] = {}
    for draft, proofs in proven:
        for finding in draft.findings:
            changed[id(finding)] = _edited(finding, draft.edits, proofs[id(finding)])
    for finding in findings:
        if id(finding) not in changed and finding.fix is not None and _is_writable(finding.fix):
            changed[id(finding)] = _unwritten(finding.fix, finding)
    originals = {path: data for draft, _ in proven for path, data in draft.originals.items()}
    return Edited(
        tuple(replace(item, fix=changed.get(id(item), item.fix)) for item in findings), originals
    )


def _is_writable(fix: Change | None) -> bool:
    """Tell whether a fix may stand in a file: what production's rows make fail is no edit."""
    return fix is not None and all(
        proof.verdict == "proven" or (proof.verdict == "unchecked" and proof.claim in OF_RUNS)
        for proof in fix.proofs
    )


def _drafts(scene: _Scene, findings: Sequence[Finding]) -> list[_Draft]:
    drafts = [_draft(scene, number, findings) for number in range(len(scene.run.trials))]
    return [item for item in drafts if item.edits]


def _draft(scene: _Scene, number: int, findings: Sequence[Finding]) -> _Draft:
    """Rewrite one trial's files for its fixes, or for those that have a form there."""
    trial = scene.run.trials[number]
    fixed = [
        (finding, index)
        for finding in findings
        if _is_writable(finding.fix) and (index := statement_of(trial, finding)) is not None
    ]
    edits = _edits(scene, trial, fixed)
    if not edits and len(fixed) > 1:
        fixed = [item for item in fixed if _edits(scene, trial, [item])]
        edits = _edits(scene, trial, fixed)
    originals = {edit.path: _bytes(scene.project.root / edit.path) for edit in edits}
    told = tuple(replace(edit, before=_text(originals[edit.path])) for edit in edits)
    return _Draft(number, tuple(item for item, _ in fixed), told, originals)


def _edits(
    scene: _Scene, trial: Trial, fixed: Sequence[tuple[Finding, int]]
) -> tuple[FileEdit, ...]:
    file = scene.project.root / trial.migration.path
    if not fixed or not file.is_file() or file.read_text(errors="replace") != trial.source:
        return ()
    replacements = {
        index: _new(finding.fix) for finding, index in reversed(fixed) if finding.fix is not None
    }
    return rewritten(scene.project, trial, replacements)


def _new(fix: Change) -> list[Phase]:
    return [phase for phase in fix.phases if not phase.present]


def _proven(
    scene: _Scene, drafts: Sequence[_Draft]
) -> list[tuple[_Draft, dict[int, tuple[Proof, ...]]]]:
    if not drafts:
        return []
    proofs = scene.prove(drafts)
    if proofs:
        return [(item, proofs) for item in drafts]
    if len(drafts) > 1:
        return [found for item in drafts for found in _proven(scene, [item])]
    alone = next(((item, found) for item, found in _alone(scene, drafts[0]) if found), None)
    return [alone] if alone else []


def _alone(scene: _Scene, draft: _Draft) -> Iterator[tuple[_Draft, dict[int, tuple[Proof, ...]]]]:
    """Yield a draft for each of a trial's findings alone, where there are several."""
    if len(draft.findings) < 2:
        return
    for finding in draft.findings:
        item = _draft(scene, draft.number, [finding])
        if item.edits:
            yield item, scene.prove([item])


def _edited(finding: Finding, edits: tuple[FileEdit, ...], proofs: tuple[Proof, ...]) -> Change:
    fix = finding.fix
    assert fix is not None
    *before, last = fix.phases
    # What was not run in place of the statement has been run from the file.
    kept = tuple(
        item for item in fix.proofs if item.verdict != "unchecked" or item.claim not in OF_RUNS
    )
    found = (*kept, *(item for item in proofs if item.claim not in {proof.claim for proof in kept}))
    return replace(
        fix,
        phases=(*before, replace(last, edits=edits)),
        proofs=found,
        safe=all(item.verdict == "proven" for item in found),
        why="; ".join(f"{item.claim}: {item.verdict}" for item in found),
    )


def _unwritten(fix: Change, finding: Finding) -> Change:
    claim = f"the fix is written into {Path(finding.location.path).name}"
    return replace(fix, proofs=(*fix.proofs, Proof(claim, "unchecked", _NO_FORM)))


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
