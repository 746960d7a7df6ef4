"""Prove on PostgreSQL: one project on a stage of its own, from its effects to its fixes."""

from __future__ import annotations

from dataclasses import replace

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import Report
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.data_fit import ask_database
from dbspecialist.proofs.history import History, prove_history
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.rates import read_rates
from dbspecialist.proofs.trials import brought_to, try_migrations
from dbspecialist.rules.base import all_rules
from dbspecialist.rules.history.try_every_migration import remedy
from dbspecialist.tasks.asked import Asked
from dbspecialist.tasks.editing import Edited, Originals, rehearse, with_edits
from dbspecialist.tasks.fixing import propose_fixes, prove_fixes
from dbspecialist.tasks.judging import judged
from dbspecialist.tasks.reporting import (
    confinement,
    migration_report,
    older_production,
    twin_facts,
)
from dbspecialist.tasks.untried import nothing_pending, refuse_untried
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.pending import Pending, to_run_first
from dbspecialist.twins.session_settings import notes_on_roles
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.variables import shown_variables


def prove_project(project: Project, division: Pending, asked: Asked) -> tuple[Report, Originals]:
    """Prove a project's pending migrations on a stage of its own.

    Returns:
        The report, and the files that its fixes edit, as they were read.

    Raises:
        InputError: Where the input cannot be used.
    """
    snapshot = asked.snapshot
    asked.tell(f"preparing a twin for {len(division.pending)} {project.name} migrations")
    with meanwhile(all_rules), open_stage(snapshot, scale=asked.scale) as stage:
        facts = twin_facts(stage, snapshot, asked.scale)
        if not division.pending:
            return Report(facts, notes=(*project.notes, nothing_pending(project, division))), {}
        try:
            run, edited = _run_and_edit(stage, project, division, asked)
        except MigrationFailed as error:
            raise _does_not_replay(project, error) from error
    reports = tuple(migration_report(trial) for trial in run.trials)
    notes = (*project.notes, *notes_on_roles(snapshot))
    data = _data_fit(run) if asked.database else ()
    proofs = (*run.history, *older_production(stage, snapshot), *confinement(stage))
    return Report(facts, reports, edited.findings, proofs, notes, data), edited.originals


def _run_and_edit(
    stage: Stage, project: Project, division: Pending, asked: Asked
) -> tuple[Run, Edited]:
    """Run the migrations, the history beside them, and at last the edited files."""
    snapshot, tell = asked.snapshot, asked.tell
    with (
        brought_to(stage, project, to_run_first(division, snapshot)) as template,
        meanwhile(
            prove_history,
            stage,
            project,
            division.before,
            division.pending,
            snapshot,
            base=division.base,
        ) as history,
    ):
        run = _try(stage, project, division, template, asked)
        tell("replaying the history from zero")
        run = with_history(run, project, history.result())
        run = replace(run, edited=division.edited)
        tell("proving fixes")
        found = judged(run, asked.configuration, project.root)
        proposed = propose_fixes(run, found)
        with meanwhile(rehearse, stage, template, project, run, proposed) as rehearsal:
            fixed = prove_fixes(stage, template, run, found)
        tell("running the edited files")
        return run, with_edits(stage, template, project, run, fixed, rehearsal=rehearsal.result())


def _try(stage: Stage, project: Project, division: Pending, template: str, asked: Asked) -> Run:
    """Try the pending migrations, and ask the database where the call names it."""
    run = try_migrations(
        stage,
        project,
        division.pending,
        template=template,
        snapshot=asked.snapshot,
        scale=asked.scale,
        max_blocked_ms=asked.configuration.max_blocked_ms,
        rates=read_rates(stage.cluster),
        tell=asked.tell,
    )
    refuse_untried(run, project.root)
    if not asked.database:
        return run
    asked.tell("asking the database")
    with shown_variables():
        return ask_database(run, asked.database)


def _does_not_replay(project: Project, error: MigrationFailed) -> InputError:
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


def with_history(run: Run, project: Project, history: History) -> Run:
    """Return a run with what was found out about the project's history."""
    return replace(
        run,
        trials=tuple(_with_models(trial, history) for trial in run.trials),
        history=history.proofs,
        model_drift=history.model_drift,
        database_drift=history.database_drift,
        heads=tuple(getattr(project, "heads", ())),
    )


def _with_models(trial: Trial, history: History) -> Trial:
    """Add the statements of mapped classes that a migration breaks to those of the workload."""
    more = history.broken.get(trial.migration.revision, ())
    return replace(trial, broken=(*trial.broken, *more)) if more else trial
