"""Trials: pending migrations run on a twin with rows, up, back and up again."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.sqlite.catalogue import read_catalogue
from dbspecialist.engines.sqlite.connection import Session, engine_error
from dbspecialist.engines.sqlite.effects import OPEN, Observer
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.walked import RoundTrip, RowsError
from dbspecialist.proofs.round_trip_verdict import Observed, judge_round_trip
from dbspecialist.proofs.sqlite.compatibility import OldCode
from dbspecialist.proofs.sqlite.fingerprints import fingerprint
from dbspecialist.proofs.sqlite.scripts import Script, read_scripts
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
        return read_scripts(project, before), read_scripts(project, pending)
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
        return _walked(session, script, run)


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


def _walked(session: Session, script: Script, run: Run) -> Trial:
    """Run a migration up, watched, then down and up again."""
    known = run.snapshot.relations if run.snapshot else ()
    observer = Observer(session, {item.relation: item.tuples * run.scale for item in known})
    before = observer.catalogue
    rows_before = fingerprint(session.connection, before)
    code = OldCode(session, run.snapshot.workload if run.snapshot else ())
    violations = set(_violations(session))
    statements, warnings = _watched(session, observer, script, violations)
    after = observer.catalogue
    trial = Trial(script.migration, tuple(statements), before, after, rows_warnings=warnings)
    if any(item.error for item in statements):
        return replace(trial, round_trip=_not_reached(script.migration))
    seen = Observed(before, rows_before, after, fingerprint(session.connection, after))
    broken = code.broken()
    reversible = bool(script.down)
    if reversible:
        seen = _back_and_again(session, script, seen)
    trip = judge_round_trip(seen, reversible=reversible)
    return replace(trial, round_trip=trip, broken=broken)


def _watched(
    session: Session, observer: Observer, script: Script, known: set[str]
) -> tuple[list[StatementEffects], dict[int, tuple[str, ...]]]:
    """Send the way up; return what each statement did, and what the end of it shows."""
    statements: list[StatementEffects] = []
    if script.wraps:
        session.execute("BEGIN")
    for item in script.up:
        effects = observer.send(item.sql, item.line)
        statements.append(effects)
        if effects.error is not None:
            break
    failed = bool(statements) and statements[-1].error is not None
    told = []
    if session.in_transaction and not script.wraps and not failed:
        told.append(OPEN)
    with contextlib.suppress(sqlite3.Error):
        session.execute("ROLLBACK" if told or failed else "COMMIT")
    observer.catalogue = read_catalogue(session.connection)
    told += [item for item in _violations(session) if item not in known]
    return statements, {len(statements) - 1: tuple(told)} if told and statements else {}


def _violations(session: Session) -> list[str]:
    """Ask for rows that refer to none (SQLite manual, "PRAGMA foreign_key_check")."""
    try:
        found = session.execute("PRAGMA foreign_key_check")
    except sqlite3.Error as error:
        return [f"foreign_key_check: {error}"]
    counted: dict[tuple[object, object], int] = {}
    for row in found:
        counted[row[0], row[2]] = counted.get((row[0], row[2]), 0) + 1
    return [
        f"foreign_key_check: {count} row{'' if count == 1 else 's'} of main.{table} "
        f"refer{'s' if count == 1 else ''} to none of main.{parent}"
        for (table, parent), count in counted.items()
    ]


def _back_and_again(session: Session, script: Script, seen: Observed) -> Observed:
    revision = script.migration.revision
    error = run_script(session, script.down, script.wraps)
    if error is not None:
        return replace(seen, down_error=MigrationFailed(revision, "", error.error))
    down = read_catalogue(session.connection)
    seen = replace(
        seen,
        down=down,
        rows_down=fingerprint(session.connection, down),
        statements_down=len(script.down),
    )
    error = run_script(session, script.up, script.wraps)
    if error is not None:
        return replace(seen, again_error=MigrationFailed(revision, "", error.error))
    return replace(seen, again=read_catalogue(session.connection))


def run_script(
    session: Session, statements: Sequence[ScriptStatement], wraps: bool
) -> RowsError | None:
    """Send a script as its runner does, up to the first refused statement."""
    if wraps:
        session.execute("BEGIN")
    refused = None
    for index, statement in enumerate(statements):
        try:
            session.execute(statement.sql)
        except sqlite3.Error as error:
            refused = RowsError(index, engine_error(error))
            break
    if session.in_transaction:
        session.execute("COMMIT" if wraps and refused is None else "ROLLBACK")
    return refused


def _not_reached(migration: Migration) -> RoundTrip:
    basis = f"the way up stops in {migration.revision}"
    claim = "the way back restores what was there"
    return RoundTrip("unchecked", Proof(claim, "unchecked", basis))
