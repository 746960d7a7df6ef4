"""Trials: pending migrations run on a stage, once for their effects and once with rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.referring import searched
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.walked import RoundTrip
from dbspecialist.proofs.conditions import judge_conditions
from dbspecialist.proofs.data_fit import judge_data
from dbspecialist.proofs.effects import estimate_blocked
from dbspecialist.proofs.effects_pass import Seen, see_effects
from dbspecialist.proofs.index_rates import index_rates
from dbspecialist.proofs.meanwhile import meanwhile
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.replay import catalogues_around
from dbspecialist.proofs.rows_needed import with_rows
from dbspecialist.proofs.steps import Step
from dbspecialist.proofs.targets import unwatched
from dbspecialist.proofs.walk import walk
from dbspecialist.toolchains.base import Project
from dbspecialist.twins.stage import Stage

Progress = Callable[[str], None]


def try_migrations(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    *,
    template: str | None = None,
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
        pending: In running order.
        template: A database in the state before them (see `brought_to`), or the stage's own.
        snapshot: What stands for production.
        scale: By how much sizes are multiplied.
        max_blocked_ms: The limit that findings are judged by.
        rates: This machine's rates.
        tell: Called with a sentence on what is being done.
    """
    start = template or stage.template
    tell("running the migrations for their effects, and with rows, there and back")
    with meanwhile(see_effects, stage, project, pending, start) as effects:
        walked = walk(stage, project, pending, start, snapshot)
    seen, needed = with_rows(
        stage, project, pending, start, snapshot=snapshot, seen=effects.result()
    )
    reached = {item.revision for item in _reached(pending, seen)}
    steps = {revision: step for revision, step in walked.items() if revision in reached}
    steps |= _failing(stage, start, pending, seen)
    run = Run(
        trials=(),
        snapshot=snapshot,
        scale=scale,
        max_blocked_ms=max_blocked_ms,
        created=seen.created,
        renamed=seen.renamed,
    )
    trials = tuple(
        replace(
            _trial(project, item, tuple(seen.statements.get(item.revision, ())), seen, steps),
            needs_rows=needed.failures.get(item.revision),
            readings=needed.readings.get(item.revision, ()),
        )
        for item in pending
    )
    run = judge_conditions(replace(run, trials=trials), stage, start)
    estimated = _estimated(run, rates, index_rates(run, stage.cluster, rates.index_rows))
    return judge_data(replace(run, trials=estimated), stage, start)


def _reached(pending: Sequence[Migration], seen: Seen) -> Sequence[Migration]:
    """Return the migrations before the first that stopped: it stops with rows too."""
    stopped = [number for number, item in enumerate(pending) if item.revision in seen.failures]
    return pending[: stopped[0]] if stopped else pending


def _failing(
    stage: Stage, template: str, pending: Sequence[Migration], seen: Seen
) -> dict[str, Step]:
    """Return the step of the first migration that stopped, as far as it came."""
    reached = _reached(pending, seen)
    if len(reached) == len(pending):
        return {}
    failing = pending[len(reached)].revision
    recorded = seen.statements.get(failing, [])
    if not any(item.error is None for item in recorded):
        return {}
    earlier = [item for one in reached for item in seen.statements.get(one.revision, ())]
    before, after = catalogues_around(stage, template, earlier, recorded)
    return {failing: replace(_NOT_REACHED, before=before, after=after)}


@contextlib.contextmanager
def brought_to(stage: Stage, project: Project, before: Sequence[Migration]) -> Iterator[str]:
    """Make a database in which the earlier migrations have run, to be used as a template.

    Raises:
        MigrationFailed: Where the history does not replay.
    """
    if not before:
        yield stage.template
        return
    with stage.database() as database:
        with (
            unwatched(stage, database, project, before) as target,
            project.runner(target) as runner,
        ):
            runner.upgrade(before)
        stage.settle(database)
        yield database


def read(stage: Stage, database: str) -> Catalogue:
    """Read a stage database's catalogue."""
    with stage.admin(database) as connection:
        return read_catalogue(connection)


def _estimated(run: Run, rates: Rates, index_rate: Callable[[str], float]) -> tuple[Trial, ...]:
    """Fill in blocked times over the whole run: a transaction may span several migrations."""
    estimated = iter(
        estimate_blocked(
            [item for trial in run.trials for item in trial.statements],
            rows=run.rows,
            size=run.bytes,
            rates=rates,
            knows=run.knows,
            values=partial(_share_of_values, run),
            searched=_searches(run),
            at=run.at,
            index_rate=index_rate,
        )
    )
    return tuple(
        replace(trial, statements=tuple(islice(estimated, len(trial.statements))))
        for trial in run.trials
    )


def _searches(run: Run) -> Callable[[StatementEffects], float]:
    """Tell the bytes that a statement reads beside one scan of each table.

    For foreign keys that no index serves, and for subqueries that run for each row.
    """
    of = {id(item): trial for trial in run.trials for item in trial.statements}

    def bytes_read(statement: StatementEffects) -> float:
        there = run.at(statement)
        found = searched(of[id(statement)], there, statement) if statement.writes else ()
        read = sum(item.rows * there.bytes(item.key.parent) for item in found)
        return read + sum(times * there.bytes(name) for name, times in statement.rescans.items())

    return bytes_read


def _share_of_values(run: Run, statement: StatementEffects, relation: str, column: str) -> float:
    """Return the share of a relation's rows that are not NULL in a column, 1 where unknown."""
    source = run.state(statement).source(relation, column)
    if source.changed or run.snapshot is None:
        return 1.0
    if source.value:
        return 0.0 if source.value.startswith("CAST(NULL ") else 1.0
    known = run.snapshot.column.get(source.origin) if source.origin else None
    return 1.0 - known.null_frac if known else 1.0


_NOT_REACHED = Step(
    round_trip=RoundTrip(
        "unchecked",
        Proof("the way back restores what was there", "unchecked", "the way up stops before it"),
    )
)


def _trial(
    project: Project,
    migration: Migration,
    statements: tuple[StatementEffects, ...],
    seen: Seen,
    steps: dict[str, Step],
) -> Trial:
    path = project.root / migration.path
    step = steps.get(migration.revision, _NOT_REACHED)
    return Trial(
        migration=migration,
        statements=statements,
        before=step.before,
        after=step.after,
        source=path.read_text(errors="replace") if path.is_file() else "",
        round_trip=step.round_trip,
        broken=step.broken,
        rows_errors=step.rows_errors,
        nulls=step.nulls,
        failure=""
        if migration.revision in seen.untried
        else seen.failures.get(migration.revision, ""),
        untried=seen.untried.get(migration.revision, ""),
    )
