"""Trials: pending migrations run on a twin with rows, up, back and up again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.engines.sqlite.catalogue import read_catalogue
from dbspecialist.engines.sqlite.connection import Session
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.walked import RowsError
from dbspecialist.proofs.round_trip_verdict import Observed, judge_round_trip
from dbspecialist.proofs.scripts import Script, read_scripts
from dbspecialist.proofs.sqlite.walk import run_script, walk_script
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.twins.sqlite.rows import fill
from dbspecialist.twins.sqlite.stage import Stage

Progress = Callable[[str], None]


@dataclass
class _Known:
    """What the run has made of production's names, and why it stopped."""

    created: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    stopped: str = ""

    def note(self, effects: StatementEffects) -> None:
        for old, new in effects.renames.items():
            if old in self.created:
                self.created.add(new)
            else:
                self.renamed[new] = self.renamed.get(old, old)
        self.created.update(name for _, kind, name in effects.creates if kind == "table")


def try_migrations(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    before: Sequence[Migration] = (),
    *,
    snapshot: Snapshot | None = None,
    scale: float = 1.0,
    max_blocked_ms: float = 1000.0,
    tell: Progress = lambda _: None,
) -> Run:
    """Run the pending migrations on a stage and return what was seen of each.

    Args:
        stage: Where to.
        project: Whose migrations they are.
        pending: In running order.
        before: Migrations that the stage's schema does not hold yet, which run first.
        snapshot: What stands for production.
        scale: By how much sizes are multiplied.
        max_blocked_ms: The limit that findings are judged by.
        tell: Called with a sentence on what is being done.

    Raises:
        MigrationFailed: Where an earlier migration does not run.
    """
    tell("reading what the migrations send")
    first, scripts = read_all(stage, project, before, pending)
    run = Run((), snapshot, scale, max_blocked_ms, engine="sqlite")
    tell("running the migrations with rows, there and back")
    known, trials = _Known(), []
    for number, script in enumerate(scripts):
        if known.stopped:
            trials.append(
                Trial(script.migration, (), Catalogue(), Catalogue(), untried=known.stopped)
            )
            continue
        earlier = (*first, *scripts[:number])
        trial = try_script(stage, earlier, script, run)
        path = project.root / script.migration.path
        source = path.read_text(errors="replace") if path.is_file() else ""
        trials.append(replace(trial, source=source))
        for statement in trial.statements:
            known.note(statement)
        if any(item.error for item in trial.statements):
            known.stopped = f"{script.migration.revision} stops before it"
    return replace(
        run, trials=tuple(trials), created=frozenset(known.created), renamed=dict(known.renamed)
    )


def read_all(
    stage: Stage, project: Project, before: Sequence[Migration], pending: Sequence[Migration]
) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
    """Read the migrations' statements from files, or record them where they are programs."""
    if project.name != "alembic":
        return read_scripts(project, before, "SQLite"), read_scripts(project, pending, "SQLite")
    from dbspecialist.proofs.sqlite.recording import record_scripts
    from dbspecialist.toolchains.alembic.project import AlembicProject

    assert isinstance(project, AlembicProject)
    found = record_scripts(stage, project, (*before, *pending))
    return found[: len(before)], found[len(before) :]


def try_script(
    stage: Stage,
    earlier: Sequence[Script],
    script: Script,
    run: Run,
) -> Trial:
    """Run one migration with rows and, where these make it fail, without."""
    first = _with_rows(stage, earlier, script, run, nulls=True)
    failed = next((n for n, item in enumerate(first.statements) if item.error), None)
    if failed is None:
        return first
    for nulls in (False, None):
        again = _with_rows(stage, earlier, script, run, nulls=nulls)
        if not any(item.error for item in again.statements):
            break
    else:
        return first
    error = first.statements[failed].error
    assert error is not None
    trip = judge_round_trip(
        Observed(first.before, up_error=MigrationFailed(script.migration.revision, "", error))
    )
    return replace(again, rows_errors=(RowsError(failed, error),), round_trip=trip)


def _with_rows(
    stage: Stage,
    earlier: Sequence[Script],
    script: Script,
    run: Run,
    *,
    nulls: bool | None,
) -> Trial:
    """Run one migration on a new file with made-up rows: with NULLs, without, or with no row."""
    with prepared(stage, earlier, script) as session:
        if nulls is not None:
            fill(session.connection, read_catalogue(session.connection), nulls=nulls)
        return walk_script(session, script, run)


@contextlib.contextmanager
def prepared(stage: Stage, earlier: Sequence[Script], script: Script) -> Iterator[Session]:
    """Open a session on a new file that holds what the earlier migrations make.

    Raises:
        MigrationFailed: Where one of these does not run.
    """
    stage.renew()
    for one in earlier:
        with contextlib.closing(_session(stage, one)) as session:
            error = run_script(session, one.up, one.wraps)
        if error is not None:
            raise MigrationFailed(one.migration.revision, error.error.message, error.error)
    with contextlib.closing(_session(stage, script)) as session:
        yield session


def _session(stage: Stage, script: Script) -> Session:
    session = stage.session()
    if script.enforces is not None:
        session.execute(f"PRAGMA foreign_keys = {int(script.enforces)}")
    return session
