"""Prove on PostgreSQL: one project on a stage of its own, from its effects to its fixes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import Report
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.tasks.reporting import (
    confinement,
    migration_report,
    older_production,
    twin_facts,
)
from dbspecialist.tasks.untried import nothing_pending
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.pending import Pending
from dbspecialist.twins.session_settings import notes_on_roles
from dbspecialist.twins.stage import Stage, open_stage

if TYPE_CHECKING:
    from dbspecialist.facts.trial import Run
    from dbspecialist.tasks.asked import Asked
    from dbspecialist.tasks.editing import Edited, Originals


def prove_project(project: Project, division: Pending, asked: Asked) -> tuple[Report, Originals]:
    """Prove a project's pending migrations on a stage of its own.

    Returns:
        The report, and the files that its fixes edit, as they were read.

    Raises:
        InputError: Where the input cannot be used.
    """
    snapshot = asked.snapshot
    asked.tell(f"preparing a twin for {len(division.pending)} {project.name} migrations")
    with meanwhile(_road) as road, open_stage(snapshot, scale=asked.scale) as stage:
        facts = twin_facts(stage, snapshot, asked.scale)
        if not division.pending:
            return Report(facts, notes=(*project.notes, nothing_pending(project, division))), {}
        try:
            run, edited = road.result()(stage, project, division, asked)
        except MigrationFailed as error:
            raise _does_not_replay(project, error) from error
    reports = tuple(migration_report(trial) for trial in run.trials)
    notes = (*project.notes, *notes_on_roles(snapshot))
    data = _data_fit(run) if asked.database else ()
    proofs = (*run.history, *older_production(stage, snapshot), *confinement(stage))
    return Report(facts, reports, edited.findings, proofs, notes, data), edited.originals


def _road() -> Callable[[Stage, Project, Pending, Asked], tuple[Run, Edited]]:
    """Import what tries migrations, and all rules."""
    from dbspecialist.rules.base import all_rules
    from dbspecialist.tasks.trying import run_and_edit

    all_rules()
    return run_and_edit


def _does_not_replay(project: Project, error: MigrationFailed) -> InputError:
    from dbspecialist.rules.history.try_every_migration import remedy

    return InputError(
        f"the history does not replay: {error.reason}",
        f"{project.name} revision {error.revision}",
        remedy(project.name).removeprefix("or ")
        if error.unchecked
        else "mend it, or give a snapshot of the database as it is",
    )


def _data_fit(run: Run) -> tuple[Proof, ...]:
    """Return what the database was asked and did not refute: that stands in the findings."""
    return tuple(item.proof for item in run.data_fit if item.proof.verdict != "refuted")
