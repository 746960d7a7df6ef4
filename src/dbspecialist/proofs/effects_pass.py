"""The effects pass: pending migrations run as they come, and what each statement did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.named_rows import (
    can_be_there,
    is_there,
    named_rows,
    refused_nulls,
    shown,
)
from dbspecialist.proofs.round_trip_verdict import not_tried
from dbspecialist.proofs.rows import is_version_table
from dbspecialist.proofs.walk import is_bookkeeping
from dbspecialist.toolchains.base import MigrationFailed, Project, Runner, Target
from dbspecialist.twins.observed.observer import Observed, Observer
from dbspecialist.twins.rows import fill
from dbspecialist.twins.rows.giving import fill_nulls, give_row
from dbspecialist.twins.stage import Connection, Stage

#: How often rows that a migration names are given to it.
MOST_GIVEN = 5


@dataclass(frozen=True)
class Seen:
    """What the effects pass saw.

    Args:
        statements: By revision, in order.
        failures: Why a revision stopped, by revision.
        untried: Why a revision was not, or not wholly, run.
        created: Relations that the run made.
        renamed: The names in production of relations that were renamed, by each later name.
        given: By revision, rows that it was given of which statistics do not tell.
    """

    statements: dict[str, list[StatementEffects]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)
    created: frozenset[str] = frozenset()
    renamed: dict[str, str] = field(default_factory=dict)
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)


def see_effects(
    stage: Stage, project: Project, pending: Sequence[Migration], template: str
) -> Seen:
    """Run the pending migrations as the toolchain would, and record what each statement did."""
    failures: dict[str, str] = {}
    untried = {item.revision: item.not_run for item in pending if item.not_run}
    with stage.database(template) as database, stage.observer(database) as observer:
        with project.runner(Target(observer.url, observer.mark)) as runner:
            try:
                runner.upgrade(pending)
            except MigrationFailed as error:
                failures[error.revision] = error.reason
                untried |= _untried(error, pending)
        observer.relations.refresh()
        created, renamed = observer.relations.created(), observer.relations.renamed()
        recorded = observer.take()
    return Seen(_by_revision(recorded), failures, untried, created, renamed)


def see_with_rows(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    template: str,
    *,
    snapshot: Snapshot | None,
    start: int,
) -> Seen:
    """Run the pending migrations from one on with made-up rows, one by one.

    A migration that refuses made-up rows is tried again without rows. Those before the first run
    on empty tables, and what they do is not told.
    """
    found = Seen()
    with (
        stage.database(template) as database,
        stage.visitor(database) as visitor,
        stage.observer(database) as observer,
        project.runner(Target(observer.url, observer.mark)) as runner,
    ):
        try:
            runner.upgrade(pending[:start])
            for number, migration in enumerate(pending[start:]):
                fill(visitor, read_catalogue(visitor), snapshot, complete=number > 0)
                observer.take()
                try:
                    given = _upgrade(runner, migration, observer, visitor, snapshot)
                    found.given[migration.revision] = given
                except MigrationFailed as error:
                    found.statements.update(_by_revision(observer.take()))
                    found.failures[migration.revision] = error.reason
                    _take_rows_out(visitor)
                    runner.upgrade([migration])
                    del found.failures[migration.revision]
                found.statements.update(_by_revision(observer.take()))
        except MigrationFailed as error:
            first = next(iter(found.failures), error.revision)
            reason = found.failures.setdefault(first, error.reason)
            told = MigrationFailed(first, reason, unchecked=error.unchecked)
            found.untried.update(_untried(told, pending))
        observer.relations.refresh()
        created, renamed = observer.relations.created(), observer.relations.renamed()
    return replace(found, created=created, renamed=renamed)


def _upgrade(
    runner: Runner,
    migration: Migration,
    observer: Observer,
    visitor: Connection,
    snapshot: Snapshot | None,
) -> tuple[str, ...]:
    """Run a migration; where it names rows that are not there, give such to it and run it again.

    Returns:
        The rows that it was given of which statistics do not tell.
    """
    told: list[str] = []
    for _ in range(MOST_GIVEN):
        try:
            runner.upgrade([migration])
        except MigrationFailed:
            recorded = [item.effects for item in observer.record]
            given = _give_rows(recorded, visitor, snapshot)
            if given is None:
                raise
            told += given
            observer.take()
        else:
            return tuple(told)
    runner.upgrade([migration])
    return tuple(told)


def _give_rows(
    recorded: Sequence[StatementEffects], visitor: Connection, snapshot: Snapshot | None
) -> list[str] | None:
    """Change rows to what the last refused statement asks for, where production may have such.

    What is committed already is done again: objects that were made so would be there. Returns the
    rows of which statistics do not tell, or nothing where nothing was done.
    """
    refused = [item for item in recorded if item.error]
    stays = [item for item in recorded if not item.in_transaction and not item.error]
    if not refused or any(item.creates or item.drops for item in stays):
        return None
    catalogue = read_catalogue(visitor)
    filled = [fill_nulls(visitor, *column) for column in refused_nulls(refused[-1], catalogue)]
    given = [
        (table, key)
        for table, key in named_rows(refused[-1], catalogue)
        if can_be_there(snapshot, table, key) and give_row(visitor, catalogue, table, key)
    ]
    if not any(filled) and not given:
        return None
    return [shown(*row) for row in given if not is_there(snapshot, *row)]


def _take_rows_out(visitor: Connection) -> None:
    """Delete all rows: TRUNCATE would reset the statistics that the planner is given."""
    with visitor.transaction():
        visitor.execute("SET LOCAL session_replication_role = replica")
        for table in read_catalogue(visitor).of_kind("table"):
            if "partition_key" not in table.attributes and not is_version_table(table.name):
                visitor.execute(f"DELETE FROM ONLY {table.name}".encode())


def _untried(error: MigrationFailed, pending: Sequence[Migration]) -> dict[str, str]:
    """Say which migrations are not run when one stops: those after it, and maybe itself."""
    revisions = [item.revision for item in pending]
    if error.revision not in revisions:
        return {}
    after = revisions[revisions.index(error.revision) + 1 :]
    found = dict.fromkeys(after, f"{error.revision} stops before it")
    return {error.revision: error.reason, **found} if not_tried(error) else found


def _by_revision(recorded: Sequence[Observed]) -> dict[str, list[StatementEffects]]:
    found: dict[str, list[StatementEffects]] = {}
    for item in recorded:
        if item.mark is None or item.mark.direction != "up" or is_bookkeeping(item.effects):
            continue
        if item.mark.revision:
            found.setdefault(item.mark.revision, []).append(item.effects)
    return found
