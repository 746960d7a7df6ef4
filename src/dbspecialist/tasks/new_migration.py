"""New migrations from typed requests: the one call behind `dbs migrate new` and `plan`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from dbspecialist.advisors.sequences.engine import Engine
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.planning import Planned, planned
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.migration_plan import MigrationPlan
from dbspecialist.facts.request import Request
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs import new_revisions as proving
from dbspecialist.proofs.trials import brought_to
from dbspecialist.tasks.asked import Progress
from dbspecialist.tasks.configuration import Configuration, overridden, read_configuration
from dbspecialist.tasks.files import write_edits
from dbspecialist.tasks.plan_files import parts_steps
from dbspecialist.tasks.plan_models import refuse_unknown_to_git, with_models
from dbspecialist.tasks.plan_verdict import verdict
from dbspecialist.tasks.sources import read_source
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import MigrationFailed, Project
from dbspecialist.toolchains.pending import pending, to_run_first
from dbspecialist.toolchains.revisions import Place, new_revisions
from dbspecialist.twins.sizes import refuse_unusable_scale
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.stage_roles import OWNER
from dbspecialist.twins.variables import hidden_variables

Source = str | PathLike[str]


@hidden_variables()
def new_migration(
    requests: Sequence[Request],
    *,
    path: Source = ".",
    snapshot: Source | Snapshot | None = None,
    scale: float = 1.0,
    toolchain: str | None = None,
    python: Source | None = None,
    from_: str | None = None,
    head: str = "",
    models: bool = True,
    write: bool = False,
    progress: Progress | None = None,
) -> MigrationPlan:
    """Plan requests in safe phases, and prove the files of the phases in a copy of the project.

    Args:
        requests: What is wanted.
        path: The repository.
        snapshot: What stands for production; without one sizes are taken as large.
        scale: By how much production's sizes are multiplied.
        toolchain: The name of the toolchain, where the repository has several.
        python: The interpreter that has the project's packages.
        from_: The last revision that production has, where its version table does not tell.
        head: The revision that the new ones follow, where there are several heads.
        models: Whether the models of SQLAlchemy, Prisma, TypeORM or Sequelize are edited too.
        write: Whether to write the files; those of a refuted plan are not.
        progress: Called with a sentence on what is being done.

    Raises:
        InputError: Where a request does not fit the schema, two contradict each other, or code
            still uses what they take away.
    """
    if not requests:
        raise InputError("nothing is requested", "", "give a request")
    refuse_unusable_scale(scale)
    tell = progress or (lambda _: None)
    configuration = overridden(
        read_configuration(Path(path)),
        toolchain=toolchain,
        python=Path(python).absolute() if python else None,
    )
    chosen = snapshot or configuration.snapshot
    source = chosen if isinstance(chosen, Snapshot) else read_source(chosen, tell)
    _refuse_other_engine(source)
    project = _project(Path(path), configuration)
    tell("preparing a twin")
    with open_stage(source, scale=scale) as stage:
        asked = _Asked(requests, source, scale, configuration, from_, head, models, tell)
        plan = _planned(stage, project, asked)
    if write and not plan.refuted and plan.edits:
        refuse_unknown_to_git(project.root, plan.edits)
        originals = {item.path: item.before.encode() for item in plan.edits if item.before}
        write_edits(project.root, plan.edits, originals)
        plan = replace(plan, written=True)
    return plan


def _refuse_other_engine(source: Snapshot | None) -> None:
    if source is not None and source.engine != "postgresql":
        raise InputError(f"a snapshot of {source.engine}", source.source, "take one of PostgreSQL")


def _project(path: Path, configuration: Configuration) -> Project:
    found = find_projects(path, toolchain=configuration.toolchain)
    if len(found) > 1:
        names = ", ".join(f"{item.name} in {item.root}" for item in found)
        raise InputError(f"several projects: {names}", str(path), "give the path of one")
    (project,) = found
    if configuration.python and hasattr(project, "python"):
        return replace(project, python=configuration.python)  # type: ignore[type-var]
    return project


@dataclass(frozen=True)
class _Asked:
    """What one call asks for."""

    requests: Sequence[Request]
    source: Snapshot | None
    scale: float
    configuration: Configuration
    from_: str | None
    head: str
    models: bool
    tell: Progress


def _planned(stage: Stage, project: Project, asked: _Asked) -> MigrationPlan:
    first = _to_run_first(project, asked)
    limit = asked.configuration.max_blocked_ms
    try:
        with brought_to(stage, project, first) as template:
            here = proving.Ground(stage, template, project, asked.source, asked.scale, limit)
            asked.tell("planning the phases")
            place = Place(head=asked.head)
            found = _phases(here, asked.requests, place)
            edits = new_revisions(project, found.phases[0].title, found.phases, place)
            asked.tell("running the files in a copy of the project")
            with proving.rehearsed(here, edits, asked.tell) as seen:
                plan = verdict(here, found, edits, seen, asked.configuration)
                return with_models(here, found, plan, seen) if asked.models else plan
    except MigrationFailed as error:
        raise InputError(
            f"the history does not replay: {error.reason}",
            f"{project.name} revision {error.revision}",
            "mend it, or give a snapshot of the database as it is",
        ) from error


def _to_run_first(project: Project, asked: _Asked) -> tuple[Migration, ...]:
    """Return the migrations that the twin's schema does not hold.

    A snapshot that does not tell what has run is taken to be where the history is.
    """
    source = asked.source
    division = pending(project, source, from_=asked.from_)
    has_schema = source is not None and bool(source.catalogue.objects)
    if has_schema and asked.from_ is None and not division.applied:
        return ()
    return (*to_run_first(division, source), *division.pending)


def _phases(here: proving.Ground, requests: Sequence[Request], place: Place) -> Planned:
    """Plan the requests on a copy of the database in the state before them."""
    with (
        here.stage.database(here.template) as database,
        here.stage.cluster.connect(database, OWNER) as connection,
    ):
        ground = Ground(
            here.before,
            Engine(connection),
            here.snapshot,
            here.scale,
            _made_since(here.snapshot, here.before),
            parts_steps(here.project, place),
        )
        return planned(requests, ground)


def _made_since(source: Snapshot | None, now: Catalogue) -> frozenset[str]:
    """Return the tables that migrations have made since production's snapshot."""
    if source is None or not source.has_statistics:
        return frozenset()
    return frozenset(
        item.name
        for item in now.of_kind("table", "partitioned table")
        if source.catalogue.get(item.kind, item.name) is None
    )
