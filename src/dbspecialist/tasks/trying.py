"""Try a project on PostgreSQL: its effects, its history, what the rules say, and its fixes.

What this imports is much, and is imported while a server is being prepared (`prove_postgresql`).
"""

from __future__ import annotations

from dataclasses import replace

from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.data_fit import ask_database
from dbspecialist.proofs.history import History, prove_history
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.rates import read_rates
from dbspecialist.proofs.trials import brought_to, try_migrations
from dbspecialist.tasks.asked import Asked
from dbspecialist.tasks.editing import Edited, rehearse, with_edits
from dbspecialist.tasks.fixing import propose_fixes, prove_fixes
from dbspecialist.tasks.judging import judged
from dbspecialist.tasks.untried import refuse_untried
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending, to_run_first
from dbspecialist.twins.stage import Stage
from dbspecialist.twins.variables import shown_variables


def run_and_edit(
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
