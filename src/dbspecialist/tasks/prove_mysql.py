"""Prove on MySQL and MariaDB: the same road, with that engine's stage and trials."""

from __future__ import annotations

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import Report, TwinFacts
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.mysql.asking_rows import judge_data
from dbspecialist.proofs.mysql.fixes import Scene
from dbspecialist.proofs.mysql.history import with_history
from dbspecialist.proofs.mysql.rates import read_rates
from dbspecialist.proofs.mysql.scripts import scripts_of
from dbspecialist.proofs.mysql.trials import try_migrations
from dbspecialist.tasks.asked import Asked
from dbspecialist.tasks.fixing_mysql import Originals, with_fixes
from dbspecialist.tasks.judging import judged
from dbspecialist.tasks.reporting import migration_report
from dbspecialist.tasks.untried import nothing_pending
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.pending import Pending, to_run_first
from dbspecialist.twins.confinement import gaps
from dbspecialist.twins.mysql.stage import Stage, open_stage


def prove_project(project: Project, division: Pending, asked: Asked) -> tuple[Report, Originals]:
    """Prove a project's pending migrations on a throwaway server of MariaDB or MySQL.

    Returns:
        The report, and the files that its fixes edit, as they were read.

    Raises:
        InputError: Where the input cannot be used or no server is found.
    """
    snapshot, tell = asked.snapshot, asked.tell
    tell(f"preparing a twin for {len(division.pending)} {project.name} migrations")
    with open_stage(snapshot, engine=asked.engine) as stage:
        facts = twin_facts(stage, snapshot, asked.scale)
        if not division.pending:
            return Report(facts, notes=(*project.notes, nothing_pending(project, division))), {}
        rates = read_rates(stage.server)
        tell("reading what the migrations send")
        first, scripts = scripts_of(
            stage, project, to_run_first(division, snapshot), division.pending
        )
        try:
            run = try_migrations(
                stage,
                project,
                scripts,
                first,
                snapshot=snapshot,
                scale=asked.scale,
                max_blocked_ms=asked.configuration.max_blocked_ms,
                rates=rates,
                tell=tell,
            )
        except MigrationFailed as error:
            raise InputError(
                f"the history does not replay: {error.reason}",
                f"{project.name} revision {error.revision}",
                "mend it, or give a snapshot of the database as it is",
            ) from error
        if asked.database:
            tell("asking the database")
        run = judge_data(run, asked.database)
        tell("replaying the history from zero")
        run = with_history(run, stage, project, division.before, division.pending)
        findings = judged(run, asked.configuration, project.root)
        tell("proving fixes")
        scene = Scene(stage, project, first, scripts, run, rates)
        fixed = with_fixes(scene, findings)
    report = Report(
        facts,
        tuple(migration_report(trial) for trial in run.trials),
        fixed.findings,
        proofs=(*run.history, *_proofs(stage)),
        notes=tuple(project.notes),
        data_fit=_data_fit(run) if asked.database else (),
    )
    return report, fixed.originals


def twin_facts(stage: Stage, snapshot: Snapshot | None, scale: float) -> TwinFacts:
    """Return what a report says of the twin."""
    number = snapshot.server_version if snapshot else 0
    return TwinFacts(
        engine=stage.engine,
        version=stage.server.version,
        source=snapshot.source if snapshot else "an empty database",
        source_version=f"{number // 10_000}.{number // 100 % 100}.{number % 100}" if number else "",
        ready_ms=stage.ready_ms,
        scale=scale,
        left_out=(*stage.left_out, *(snapshot.unseen if snapshot else ())),
    )


def _data_fit(run: Run) -> tuple[Proof, ...]:
    """Return what the database was asked and did not refute: that stands in the findings."""
    return tuple(item.proof for item in run.data_fit if item.proof.verdict != "refuted")


def _proofs(stage: Stage) -> tuple[Proof, ...]:
    told: tuple[Proof, ...] = ()
    if stage.snapshot is not None and stage.snapshot.engine != stage.engine:
        claim = f"{stage.snapshot.engine} does as the twin does"
        basis = f"the twin is {stage.engine} {stage.server.version}"
        told = (Proof(claim, "unchecked", basis),)
    program = stage.server.program
    found = gaps(program) if program else ("the scratch server is not confined",)
    return (
        *told,
        *(Proof("code of migrations stays in the twin", "unchecked", gap) for gap in found),
    )
