"""Prove: what each pending migration does to production, tried on a twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from dbspecialist.engines.postgresql.server import source_of
from dbspecialist.facts.report import Report
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.rules.base import rule_ids
from dbspecialist.tasks import prove_postgresql
from dbspecialist.tasks.asked import Asked, Progress
from dbspecialist.tasks.configuration import (
    Configuration,
    apply_configuration,
    overridden,
    read_configuration,
    refuse_unknown_rules,
)
from dbspecialist.tasks.editing import Originals
from dbspecialist.tasks.excuses import REASON, UNUSED
from dbspecialist.tasks.files import WrittenFiles
from dbspecialist.tasks.places import seen_from_here
from dbspecialist.tasks.reporting import joined
from dbspecialist.tasks.sources import read_source
from dbspecialist.tasks.untried import UntriedError
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending
from dbspecialist.toolchains.pending import pending as divide
from dbspecialist.twins.sizes import refuse_unusable_scale
from dbspecialist.twins.variables import hidden_variables

#: How often fixes are written before what is left is only told.
FIX_ROUNDS = 5

Roots = Sequence[str | PathLike[str]]


@hidden_variables()
def prove(
    paths: Roots = (".",),
    *,
    snapshot: str | PathLike[str] | Snapshot | None = None,
    database: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    base: str | None = None,
    scale: float = 1.0,
    fix: bool = False,
    toolchain: str | None = None,
    python: str | PathLike[str] | None = None,
    single_transaction: bool = False,
    engine: str | None = None,
    max_blocked: float | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Run the pending migrations of one or several projects on a twin and judge what they do.

    Args:
        paths: Projects, folders of migrations, or files.
        snapshot: What stands for production: a snapshot, its file, or a .sql file with a schema.
            Without one the migrations are run from zero, and no size is known.
        database: A URL that is asked, read-only, what statistics cannot decide.
        from_: The last revision that is applied.
        to: The last revision to judge.
        base: A git revision; migrations that are new since the merge base are pending.
        scale: By how much production's sizes are multiplied.
        fix: Whether to write the fixes that were proven into the files. The report is then of
            the files as they were written.
        toolchain: The name of the toolchain, where several are there.
        python: The interpreter that has the project's packages.
        single_transaction: Whether each SQL file is one transaction.
        engine: The engine to try the migrations on, where no snapshot tells it.
        max_blocked: How long reads or writes may wait before it is an error, in milliseconds.
        select: Only these rules.
        ignore: Not these rules.
        progress: Called with a sentence on what is being done.

    Raises:
        InputError: Where the input cannot be used.
    """
    roots = [Path(path) for path in paths] or [Path()]
    configuration = overridden(
        read_configuration(roots[0]),
        max_blocked_ms=max_blocked,
        select=tuple(select),
        ignore=tuple(ignore),
        toolchain=toolchain,
        python=Path(python).absolute() if python else None,
    )
    refuse_unusable_scale(scale)
    refuse_unknown_rules(configuration, (*rule_ids(), REASON, UNUSED))
    if database and not engine:
        source_of(database)  # what cannot be read is refused before anything runs
    tell = progress or (lambda _: None)
    chosen = snapshot or configuration.snapshot
    source = chosen if isinstance(chosen, Snapshot) else read_source(chosen, tell, engine)
    asked_engine = source.engine if source else engine or "postgresql"
    division = partial(divide, snapshot=source, from_=from_, to=to, base=base)
    asked = Asked(source, scale, configuration, tell, fix, database, asked_engine)
    reports, untried = [], []
    for project in (
        item
        for root in roots
        for item in _projects(root, configuration, single_transaction, asked_engine)
    ):
        try:
            reports.append(seen_from_here(_prove_and_fix(project, division, asked), project.root))
        except UntriedError as error:
            untried.append(error)
    if not reports and untried:
        raise untried[0]
    report = joined(reports)
    more = apply_configuration([error.finding() for error in untried], configuration)
    return replace(report, findings=(*report.findings, *more))


def _projects(
    root: Path, configuration: Configuration, single_transaction: bool, engine: str
) -> Iterable[Project]:
    chosen = find_projects(root, toolchain=configuration.toolchain)
    given: dict[str, Any] = {"python": configuration.python}
    if single_transaction:
        given["single_transaction"] = True
    if engine != "postgresql":
        given["dialect"] = engine
    return [_with(item, given) for item in chosen]


def _with(project: Any, given: dict[str, Any]) -> Project:
    """Set those options of a project that its toolchain has."""
    names = {field.name for field in fields(project)}
    options = {key: value for key, value in given.items() if key in names and value is not None}
    changed: Project = replace(project, **options)
    return changed


def _prove_and_fix(
    project: Project, division: Callable[[Project], Pending], asked: Asked
) -> Report:
    """Prove a project and, where that is asked for, write its fixes and prove what they leave.

    A fix can bring out another: of two statements that hold a lock, the first is judged.
    """
    report, originals = _prove_project(project, division(project), asked)
    files = WrittenFiles(project.root)
    for _ in range(FIX_ROUNDS if asked.fix else 0):
        asked.tell("writing the edited files")
        if not files.write(report.findings, originals):
            break
        project = _with(project, {})  # a new one, which reads its files again
        report, originals = _prove_project(project, division(project), asked)
    return replace(report, proofs=(*report.proofs, *files.proofs)) if asked.fix else report


def _prove_project(project: Project, division: Pending, asked: Asked) -> tuple[Report, Originals]:
    """Prove a project; return as well the files that its fixes edit, as they were read."""
    if asked.engine in {"mysql", "mariadb"}:
        from dbspecialist.tasks import prove_mysql

        return prove_mysql.prove_project(project, division, asked), {}
    if asked.engine == "sqlite":
        from dbspecialist.tasks import prove_sqlite

        return prove_sqlite.prove_project(project, division, asked), {}
    return prove_postgresql.prove_project(project, division, asked)
