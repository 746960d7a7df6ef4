"""Trials: pending migrations run on a stage, once for their effects and once with rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.engines.mysql.driver import Connection, execute
from dbspecialist.engines.mysql.effects import Observer, in_transaction
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError, StatementEffects
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.proofs.mysql.effects import as_effects, estimate_blocked
from dbspecialist.proofs.mysql.planned import rows_planned
from dbspecialist.proofs.mysql.rates import Rates
from dbspecialist.proofs.mysql.walk import not_reached, run_script, walk
from dbspecialist.proofs.scripts import Script
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.twins.mysql.stage import Stage

Progress = Callable[[str], None]


@dataclass
class Seen:
    """What the effects pass saw.

    Args:
        trials: What was seen of each migration, as far as they ran.
        created: Relations that the run made.
        renamed: The names in production of relations that were renamed, by each later name.
        stopped: Why the run stopped, or "".
    """

    trials: dict[str, Trial] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    stopped: str = ""


def try_migrations(
    stage: Stage,
    project: Project,
    scripts: Sequence[Script],
    first: Sequence[Script] = (),
    *,
    snapshot: Snapshot | None = None,
    scale: float = 1.0,
    max_blocked_ms: float = 1000.0,
    rates: Rates,
    tell: Progress = lambda _: None,
) -> Run:
    """Run the pending migrations on a stage and return what was seen of each.

    Args:
        stage: Where to.
        project: Whose migrations they are.
        scripts: The pending migrations, in running order.
        first: Migrations that the stage's schema does not hold yet, which run before them.
        snapshot: What stands for production.
        scale: By how much sizes are multiplied.
        max_blocked_ms: The limit that findings are judged by.
        rates: This machine's rates.
        tell: Called with a sentence on what is being done.

    Raises:
        MigrationFailed: Where an earlier migration does not run.
    """
    run = Run((), snapshot, scale, max_blocked_ms, engine=stage.engine)
    tell("running the migrations for their effects")
    seen = see_effects(stage, first, scripts, run)
    run = replace(run, created=frozenset(seen.created), renamed=dict(seen.renamed))
    tell("running the migrations with rows, there and back")
    reached = [item for item in scripts if item.migration.revision in seen.trials]
    steps = walk(stage, first, reached)
    trials = []
    for script in scripts:
        step = steps.get(script.migration.revision) or not_reached(script.migration)
        trial = seen.trials.get(script.migration.revision) or Trial(
            script.migration, (), Catalogue(), Catalogue(), untried=seen.stopped
        )
        failed = any(item.error for item in trial.statements)
        path = project.root / script.migration.path
        trials.append(
            replace(
                trial,
                statements=estimate_blocked(trial.statements, run, rates),
                source=path.read_text(errors="replace") if path.is_file() else "",
                round_trip=step.round_trip,
                broken=step.broken,
                rows_errors=() if failed else step.rows_errors,
                rows_warnings=step.rows_warnings,
            )
        )
    return replace(run, trials=tuple(trials))


def see_effects(
    stage: Stage, before: Iterable[Script], pending: Sequence[Script], run: Run
) -> Seen:
    """Run the pending migrations as the runner would, and record what each statement did."""
    # Of a run that was seen already, which tables it makes and renames is known.
    seen = Seen(created=set(run.created), renamed=dict(run.renamed))
    stage.renew()
    with contextlib.closing(stage.admin()) as admin:
        for script in before:
            with contextlib.closing(stage.session()) as session:
                ran = run_script(session, script.up, script.wraps)
            if ran.error is not None:
                revision, error = script.migration.revision, ran.error.error
                raise MigrationFailed(revision, error.message, error)
        transaction = 0
        before_it = stage.read(texts=False)
        for script in pending:
            with contextlib.closing(stage.session()) as session:
                observer = Observer(session, admin, stage.database, stage.engine)
                sending = _Sending(stage, session, observer, seen, run, transaction)
                trial = sending.send(script, before_it)
                before_it = trial.after
                transaction = sending.transaction
            seen.trials[script.migration.revision] = trial
            if any(item.error for item in trial.statements):
                seen.stopped = f"{script.migration.revision} stops before it"
                break
    return seen


@dataclass
class _Sending:
    """Sends one migration's statements in a session of its own."""

    stage: Stage
    session: Connection
    observer: Observer
    seen: Seen
    run: Run
    transaction: int

    def send(self, script: Script, before: Catalogue) -> Trial:
        statements: list[StatementEffects] = []
        self.transaction += 1
        if script.wraps:
            execute(self.session, "START TRANSACTION")
        for item in script.up:
            effects = self._one(item.sql, item.line)
            statements.append(effects)
            if effects.error is not None:
                break
        if self.session.open:
            failed = bool(statements) and statements[-1].error is not None
            execute(self.session, "ROLLBACK" if failed else "COMMIT")
        after = self.stage.read(texts=False)
        return Trial(script.migration, tuple(statements), before, after)

    def _one(self, sql: str, line: int) -> StatementEffects:
        if not self.session.open:
            lost = EngineError("08S01", "the statement before it ended the session")
            return StatementEffects(sql, line, ("",), self.transaction, error=lost)
        known = replace(
            self.run, created=frozenset(self.seen.created), renamed=dict(self.seen.renamed)
        )
        planned = rows_planned(self.session, sql, self.stage.database, self.observer.storage, known)
        found = self.observer.send(sql)
        effects = as_effects(
            found,
            sql,
            line,
            transaction=self.transaction,
            created=self.seen.created,
            planned=planned,
        )
        if not in_transaction(self.session):
            self.transaction += 1
        self._name(effects)
        return effects

    def _name(self, effects: StatementEffects) -> None:
        """Follow tables through what makes, renames and drops them."""
        for old, new in effects.renames.items():
            if old in self.seen.created:
                self.seen.created.add(new)
            else:
                self.seen.renamed[new] = self.seen.renamed.get(old, old)
        self.seen.created.update(name for _, kind, name in effects.creates if kind == "table")
