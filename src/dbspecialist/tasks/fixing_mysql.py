"""Fixes on MySQL and MariaDB: run in place of their statement, then from the edited file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.mysql.fixes import EDITED, Scene, same_catalogue
from dbspecialist.rules.base import rules_by_id
from dbspecialist.tasks.fixing import HAZARD_GONE
from dbspecialist.tasks.proposing import Proposed, change_of, ends, propose
from dbspecialist.toolchains.in_place import rewritten_in_place

#: The bytes of files as they were read.
Originals = Mapping[str, bytes | None]
_NO_FORM = "the statement's place in the file is not sure"


@dataclass(frozen=True)
class Fixed:
    """Findings with the fixes that were proven, and the files that these edit, as they were."""

    findings: tuple[Finding, ...]
    originals: Originals = field(default_factory=dict)


def with_fixes(scene: Scene, findings: Sequence[Finding]) -> Fixed:
    """Return the findings with the fixes that were run and are right, as edits where they can be.

    The fixes of a migration are run together, those of one statement one after the other; where
    they fail together, each is run alone.
    """
    changes: dict[int, Change] = {}
    originals: dict[str, bytes | None] = {}
    for number, trial in enumerate(scene.run.trials):
        if not ends(trial) or any(item.error for item in trial.statements):
            break  # nothing after it was run
        proposed = propose(trial, scene.run, findings)
        items = [replace(item, refuted=_of_rows(scene, trial, item)) for item in proposed]
        proven = list(_proven(scene, number, items))
        for item, change in proven:
            changes[id(item.finding)] = change
        for item, change, edit in _edited(scene, number, proven):
            changes[id(item.finding)] = change
            if edit is not None:
                originals[edit.path] = (scene.project.root / edit.path).read_bytes()
    told = tuple(replace(item, fix=changes.get(id(item), item.fix)) for item in findings)
    return Fixed(told, originals)


def _of_rows(scene: Scene, trial: Trial, item: Proposed) -> tuple[Proof, ...]:
    """Return what the replaced statement needs of production's rows: its fix needs the same."""
    revision = trial.migration.revision
    return tuple(
        known.proof
        for known in scene.run.data_fit
        if (known.claim.revision, known.claim.index) == (revision, item.index)
    )


def _proven(
    scene: Scene, number: int, items: Sequence[Proposed]
) -> Iterator[tuple[Proposed, Change]]:
    """Yield the fixes that end where the migration does, without their hazard."""
    first = list({item.index: item for item in reversed(items)}.values())
    together = _run(scene, number, first)
    yield from together
    done = {id(item) for item, _ in together}
    for item in items:
        if id(item) not in done and (len(first) > 1 or item not in first):
            yield from _run(scene, number, [item])


def _run(scene: Scene, number: int, items: Sequence[Proposed]) -> list[tuple[Proposed, Change]]:
    """Run fixes together and return them with their proofs, or nothing where one is refuted."""
    if not items:
        return []
    trial = scene.run.trials[number]
    tried = scene.attempt(number, {item.index: item.phases for item in items})
    same = same_catalogue(trial, tried)
    fixed = [item.finding for item in items]
    gone = [hazard_gone(trial, tried, scene.run, item, fixed) for item in fixed]
    if any(proof.verdict == "refuted" for proof in (same, *gone)):
        return []
    return [
        (item, change_of(item, (same, proof, *item.refuted)))
        for item, proof in zip(items, gone, strict=True)
    ]


def _edited(
    scene: Scene, number: int, proven: Sequence[tuple[Proposed, Change]]
) -> Iterator[tuple[Proposed, Change, FileEdit | None]]:
    """Write proven fixes into the migration's file, one a statement, and run that file."""
    chosen = {item.index: (item, change) for item, change in reversed(proven) if change.safe}
    items = [chosen[index] for index in sorted(chosen)]
    trial = scene.run.trials[number]
    script = scene.scripts[number]
    phases: dict[int, Sequence[Phase]] = {item.index: item.phases for item, _ in items}
    edits = rewritten_in_place(scene.project, script.up, trial, phases)
    if not edits:
        basis = Proof(f"the fix is written into {trial.migration.path}", "unchecked", _NO_FORM)
        for item, change in items:
            yield item, _told(change, basis), None
        return
    proof = same_catalogue(trial, scene.edited(number, edits), EDITED)
    for item, change in items:
        *before, last = change.phases
        kept = edits if proof.verdict == "proven" else ()
        with_edit = replace(change, phases=(*before, replace(last, edits=kept)))
        yield item, _told(with_edit, proof), edits[0] if kept else None


def _told(change: Change, proof: Proof) -> Change:
    proofs = (*change.proofs, proof)
    return replace(
        change,
        proofs=proofs,
        safe=all(item.verdict == "proven" for item in proofs),
        why="; ".join(f"{item.claim}: {item.verdict}" for item in proofs),
    )


def hazard_gone(
    trial: Trial, tried: Trial, run: Run, finding: Finding, fixed: Sequence[Finding]
) -> Proof:
    """Say whether a finding's rule finds it no longer in what was seen instead.

    Args:
        fixed: The findings that were fixed together.
    """
    before, left = (_found(finding, item, run) for item in (trial, tried))
    alike = [item for item in fixed if _key(item) == _key(finding)]
    if left and len(left) > len(before) - len(alike):
        return Proof(HAZARD_GONE, "refuted", left[0].message)
    return Proof(HAZARD_GONE, "proven", "its rule finds nothing in what the engine showed")


def _found(finding: Finding, trial: Trial, run: Run) -> list[Finding]:
    """Return what a finding's rule says of a trial by itself, on the same relation."""
    rule = rules_by_id()[finding.rule]
    alone = replace(run, trials=(trial,))
    found = (*rule.check(trial, alone), *rule.check_run(alone))
    return [item for item in found if item.relation == finding.relation]


def _key(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.relation
