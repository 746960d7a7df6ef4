"""Models edited with a plan's migrations, and held against the migrated database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dbspecialist import orms
from dbspecialist.advisors.sequences.planning import Planned
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration_plan import MigrationPlan
from dbspecialist.facts.model_edit import ModelEdit
from dbspecialist.proofs.new_revisions import Ground, Rehearsed, models_proof, sent_proof
from dbspecialist.toolchains.git import top_of, untracked


def with_models(
    ground: Ground, found: Planned, plan: MigrationPlan, seen: Rehearsed
) -> MigrationPlan:
    """Return a plan with the edits of the models, where there are some that can be edited."""
    wanted = _wanted(found, plan)
    if not wanted or plan.refuted:
        return plan
    try:
        files = orms.edited(ground.project.root, wanted)
    except InputError as refused:
        note = f"the models are not edited: {refused}"
        return replace(plan, notes=(*plan.notes, note))
    if not files:
        return plan
    edits = (*plan.edits, *files)
    if _is_begun(found, plan):  # the view of a rename stands for the table meanwhile
        proof = sent_proof(ground, seen, edits, plan.phases)
    else:
        reached = seen.run.trials[len(plan.migrations) - 1].after
        proof = models_proof(ground, seen, edits, reached)
    if proof.verdict == "refuted":  # the migrations stand without them
        note = f"the models are not edited: they would not agree with the database: {proof.basis}"
        return replace(plan, notes=(*plan.notes, note))
    return replace(plan, edits=edits, proofs=(*plan.proofs, proof))


def _wanted(found: Planned, plan: MigrationPlan) -> tuple[ModelEdit, ...]:
    """Return the edits for requests of which no phase is held back, and for renames."""
    held = {item.phase for item in plan.withheld}
    return tuple(
        edit
        for steps, edits in zip(found.steps, found.models, strict=True)
        if steps.models or not held & set(steps.phases)
        for edit in edits
    )


def _is_begun(found: Planned, plan: MigrationPlan) -> bool:
    held = {item.phase for item in plan.withheld}
    return any(item.models and held & set(item.phases) for item in found.steps)


def refuse_unknown_to_git(root: Path, edits: Sequence[FileEdit]) -> None:
    """Refuse to write over a file that git does not know: its old text would be lost.

    Raises:
        InputError: At the first, or where the folder is in no repository.
    """
    there = [item.path for item in edits if (root / item.path).exists()]
    if not there:
        return
    top = top_of(root)
    unknown = {(top / item).resolve() for item in untracked(top)}
    for path in there:
        file = (root / path).resolve()
        if {file, *file.parents} & unknown:
            raise InputError("git does not know this file", path, "git add it, or say --no-models")
