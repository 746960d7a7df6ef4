"""Prove on SQLite: the same road, with a file as the twin."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import Report, TwinFacts
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.scripts import read_scripts
from dbspecialist.proofs.sqlite.trials import try_migrations
from dbspecialist.tasks.asked import Asked
from dbspecialist.tasks.fixing_sqlite import prove_fixes
from dbspecialist.tasks.judging import judged
from dbspecialist.tasks.reporting import migration_report
from dbspecialist.tasks.untried import nothing_pending
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.pending import Pending, to_run_first
from dbspecialist.twins.sqlite.child import ChildEndedError, in_child
from dbspecialist.twins.sqlite.stage import Stage, open_stage

#: What is proven on PostgreSQL and not here.
UNCHECKED = (
    (
        "what the migrations need of production's rows holds",
        "on this engine the database is not asked; sample rows alone were tried",
    ),
    (
        "the history replays from zero and agrees with the models",
        "on this engine that is not tried yet",
    ),
    (
        "for how long reads and writes wait",
        "on this engine times are not estimated; a writer holds the whole file",
    ),
)


def prove_project(
    project: Project, division: Pending, asked: Asked
) -> tuple[Report, Mapping[str, bytes | None]]:
    """Prove a project's pending migrations on a throwaway file.

    Returns the report, and the files that its fixes edit as they were read.

    Raises:
        InputError: Where the input cannot be used.
    """
    snapshot, tell = asked.snapshot, asked.tell
    if asked.database:
        raise InputError("sqlite databases are not asked yet", "--database", "leave it out")
    tell(f"preparing a twin for {len(division.pending)} {project.name} migrations")
    with open_stage(snapshot) as stage:
        facts = twin_facts(stage, snapshot, asked.scale)
        if not division.pending:
            return Report(facts, notes=(*project.notes, nothing_pending(project, division))), {}
        try:
            run, findings, originals = in_child(lambda: _tried(stage, project, division, asked))
        except ChildEndedError as error:
            raise InputError(
                f"SQLite {sqlite3.sqlite_version} ended with {error.signal} at a migration",
                str(project.root),
                "try them one by one with --to, or with a Python that carries a newer SQLite",
            ) from error
    report = Report(
        facts,
        tuple(migration_report(trial) for trial in run.trials),
        findings,
        proofs=tuple(Proof(claim, "unchecked", basis) for claim, basis in UNCHECKED),
        notes=(*project.notes, *_enforced(stage, project)),
    )
    return report, originals


def _tried(
    stage: Stage, project: Project, division: Pending, asked: Asked
) -> tuple[Run, tuple[Finding, ...], Mapping[str, bytes | None]]:
    """Run the migrations, judge them, and run the fixes of what was found."""
    snapshot, before = asked.snapshot, to_run_first(division, asked.snapshot)
    try:
        run = try_migrations(
            stage,
            project,
            division.pending,
            before,
            snapshot=snapshot,
            scale=asked.scale,
            max_blocked_ms=asked.configuration.max_blocked_ms,
            tell=asked.tell,
        )
    except MigrationFailed as error:
        raise InputError(
            f"the history does not replay: {error.reason}",
            f"{project.name} revision {error.revision}",
            "mend it, or give a snapshot of the database as it is",
        ) from error
    findings = judged(run, asked.configuration, project.root)
    if project.name == "alembic":
        return run, findings, {}
    scripts = read_scripts(project, (*before, *division.pending), "SQLite")
    return run, *prove_fixes(stage, project.root, scripts, run, findings)


def _enforced(stage: Stage, project: Project) -> tuple[str, ...]:
    """Say what foreign_keys is where the project's own program does not set it."""
    if project.name == "alembic":
        return ()
    word = "on" if stage.enforces else "off"
    return (f"the connection begins with PRAGMA foreign_keys = {word}",)


def twin_facts(stage: Stage, snapshot: Snapshot | None, scale: float) -> TwinFacts:
    """Return what a report says of the twin."""
    number = snapshot.server_version if snapshot else 0
    return TwinFacts(
        engine="sqlite",
        version=sqlite3.sqlite_version,
        source=snapshot.source if snapshot else "an empty database",
        source_version=f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
        if number
        else "",
        ready_ms=stage.ready_ms,
        scale=scale,
        left_out=(*stage.left_out, *(snapshot.unseen if snapshot else ())),
    )
