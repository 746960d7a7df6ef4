"""The walk: each pending migration by itself, on a database with rows, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Broken, RoundTrip, RowsError
from dbspecialist.proofs.compatibility import OldCode
from dbspecialist.toolchains.base import MigrationFailed, Project, Runner, Target
from dbspecialist.twins.observed.observer import Observed, Observer
from dbspecialist.twins.rows import fill
from dbspecialist.twins.stage import Connection, Stage


@dataclass(frozen=True)
class Step:
    """What the walk saw of one migration."""

    before: Catalogue = field(default_factory=Catalogue)
    after: Catalogue = field(default_factory=Catalogue)
    round_trip: RoundTrip | None = None
    broken: tuple[Broken, ...] = ()
    rows_errors: tuple[RowsError, ...] = ()


def walk(
    stage: Stage,
    project: Project,
    pending: Sequence[Migration],
    template: str,
    snapshot: Snapshot | None,
) -> dict[str, Step]:
    """Run the pending migrations one by one on a database with rows.

    A migration that sample rows make fail is tried again without rows, so that those after it
    are seen too; the walk ends at one that fails without rows.
    """
    steps: dict[str, Step] = {}
    with (
        stage.database(template) as database,
        stage.admin(database) as admin,
        stage.observer(database) as observer,
        project.runner(Target(observer.url, observer.mark)) as runner,
    ):
        catalogue = read_catalogue(admin)
        code = OldCode(
            admin, snapshot.workload if snapshot else (), stage.settings.get("search_path", "")
        )
        fill(admin, catalogue, snapshot)
        for migration in pending:
            step = _step(migration, runner, observer, admin, catalogue)
            if step is None:
                break
            if differences(step.before, step.after):
                step = replace(step, broken=code.broken_by(step.after))
            steps[migration.revision] = step
            catalogue = step.after
    return steps


def _step(
    migration: Migration,
    runner: Runner,
    observer: Observer,
    admin: Connection,
    before: Catalogue,
) -> Step | None:
    refused: tuple[RowsError, ...] = ()
    if not _upgrade(migration, runner):
        refused = _errors(observer.take())
        empty_tables(admin)
        if not _upgrade(migration, runner):
            return None
    observer.take()
    return Step(before=before, after=read_catalogue(admin), rows_errors=refused)


def _upgrade(migration: Migration, runner: Runner) -> bool:
    try:
        runner.upgrade([migration])
    except MigrationFailed:
        return False
    return True


def _errors(recorded: Sequence[Observed]) -> tuple[RowsError, ...]:
    return tuple(
        RowsError(number, item.effects.error)
        for number, item in enumerate(recorded)
        if item.effects.error is not None
    )


_TABLES = """
SELECT string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 AND n.nspname <> 'dbs_twin'
  AND c.relname <> ALL (%s)
"""


def empty_tables(admin: Connection) -> None:
    """Take all rows out of a stage database but those of toolchains' version tables."""
    row = admin.execute(_TABLES, [list(VERSION_TABLES)]).fetchone()
    if row and row[0]:
        admin.execute(f"TRUNCATE {row[0]} CASCADE")
