"""Edited files, run by the project's own runner before they are shown or written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, Difference
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.fixes import unequal
from dbspecialist.proofs.schema_changes import schema_changes
from dbspecialist.proofs.walk import is_bookkeeping
from dbspecialist.toolchains.base import MigrationFailed, Project, Target
from dbspecialist.toolchains.copies import copied
from dbspecialist.twins.stage import Stage

CLAIM = "the edited file ends in the same catalogue"


@dataclass(frozen=True)
class EditedRun:
    """What was seen of a project's migrations with edited files.

    Args:
        statements: By the revision of the original that they belong to.
        after: The catalogue that they end in.
        back: The catalogue after the ways back, of those trials at the end whose own work.
        failure: Why they stopped, or "".
    """

    statements: Mapping[str, Sequence[StatementEffects]] = field(default_factory=dict)
    after: Catalogue = field(default_factory=Catalogue)
    back: Catalogue | None = None
    failure: str = ""


def run_edited(
    stage: Stage,
    template: str,
    project: Project,
    trials: Sequence[Trial],
    edits: Sequence[FileEdit],
) -> EditedRun:
    """Run trials' migrations from edited files in a copy of the project, and those ways back.

    Args:
        stage: Where to run them.
        template: The stage's database in the state before the first trial.
        project: Whose migrations they are.
        trials: The migrations as they are, in running order.
        edits: The files' new texts.
    """
    known = {item.revision for item in project.history()}
    wanted = [item.migration.revision for item in trials]
    with (
        copied(project, edits) as copy,
        stage.database(template) as database,
        stage.observer(database) as observer,
        stage.admin(database) as admin,
        copy.runner(Target(observer.url, observer.mark)) as runner,
    ):
        owners = _owners(copy.history(), known, wanted)
        pending = [item for item in copy.history() if item.revision in owners]
        try:
            runner.upgrade(pending)
        except MigrationFailed as error:
            return EditedRun(failure=error.reason)
        after = read_catalogue(admin)
        statements: dict[str, list[StatementEffects]] = {name: [] for name in wanted}
        for item in observer.take():
            owner = owners.get(item.mark.revision) if item.mark else None
            if owner and item.mark.direction == "up" and not is_bookkeeping(item.effects):
                statements[owner].append(item.effects)
        reversible = {item.migration.revision for item in _leading_back(trials)}
        stage.look_away(observer, database)  # of the ways back only where they lead is asked
        try:
            for migration in reversed(pending):
                if owners[migration.revision] in reversible and migration.reversible is not False:
                    runner.downgrade(migration)
        except MigrationFailed as error:
            return EditedRun(failure=f"its way back fails: {error.reason}")
        back = read_catalogue(admin) if reversible else None
    return EditedRun(statements, after, back)


def _leading_back(trials: Sequence[Trial]) -> Sequence[Trial]:
    """Return the trials at the end whose ways back work, one after the other."""
    lost = [
        number
        for number, item in enumerate(trials)
        if item.round_trip is None or item.round_trip.kind != "works"
    ]
    return trials[lost[-1] + 1 :] if lost else trials


def _owners(history: Sequence[Migration], known: set[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return the revisions to run, with the original's revision that each belongs to.

    A revision that an edit adds belongs to the one before it.
    """
    found: dict[str, str] = {}
    owner = ""
    for item in history:
        if item.revision in known:
            owner = item.revision
        if owner in wanted:
            found[item.revision] = owner
    return found


def judge_edited(
    trials: Sequence[Trial], seen: EditedRun, runner: str, fixed: Collection[str] = ()
) -> Proof:
    """Say whether edited files end where the original ones do, and lead back as they do.

    Args:
        trials: The migrations as they are.
        seen: What was seen of the edited ones.
        runner: The toolchain's name.
        fixed: The statements of the fixes; those that stay must keep their settings.
    """
    if seen.failure:
        return Proof(CLAIM, "refuted", seen.failure)
    different = unequal(trials[-1].after, seen.after)
    if different:
        return Proof(CLAIM, "refuted", f"it differs in {different}")
    for trial in trials:
        lost = _lost_settings(trial, seen.statements.get(trial.migration.revision, ()), fixed)
        if lost:
            return Proof(CLAIM, "refuted", lost)
    if seen.back is None:
        return Proof(CLAIM, "proven", f"run by {runner} on the twin")
    left = schema_changes(_leading_back(trials)[0].before, seen.back)
    if left:
        return Proof(CLAIM, "refuted", f"its way back leaves {_named(left)}")
    return Proof(CLAIM, "proven", f"run by {runner} on the twin, there and back")


def _lost_settings(trial: Trial, edited: Sequence[StatementEffects], fixed: Collection[str]) -> str:
    """Say which statement that stays runs with other settings than before (SET LOCAL)."""
    before = {item.sql.strip(): item.settings for item in trial.statements}
    for item in edited:
        if item.sql.strip() in fixed:
            continue
        was = before.get(item.sql.strip(), item.settings)
        for name in was:
            if was[name] != item.settings.get(name):
                return f"{name} is no longer {was[name]} for {item.sql.strip()}"
    return ""


def _named(found: Iterable[Difference]) -> str:
    return ", ".join(f"{item.object.kind} {item.object.name}" for item in found)
