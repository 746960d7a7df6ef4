"""Prove the projects that lie in some folders: each by itself, its fixes written where asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbspecialist.facts.report import Report
from dbspecialist.rules.base import rule_ids
from dbspecialist.tasks import prove_postgresql
from dbspecialist.tasks.asked import Asked
from dbspecialist.tasks.configuration import apply_configuration, refuse_unknown_rules
from dbspecialist.tasks.excuses import REASON, UNUSED
from dbspecialist.tasks.passed_over import passed_over
from dbspecialist.tasks.places import seen_from_here
from dbspecialist.tasks.reporting import joined
from dbspecialist.tasks.untried import UntriedError
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending, pending

if TYPE_CHECKING:
    from dbspecialist.tasks.editing import Originals

#: How often fixes are written before what is left is only told.
FIX_ROUNDS = 5


def prove_projects(
    roots: Sequence[Path],
    asked: Asked,
    *,
    single_transaction: bool = False,
    from_: str | None = None,
    to: str | None = None,
    base: str | None = None,
) -> Report:
    """Prove the projects of all folders and join their reports.

    Args:
        roots: Projects, folders of migrations, or files.
        asked: What holds for all of them.
        single_transaction: Whether each SQL file is one transaction.
        from_: The last revision that is applied.
        to: The last revision to judge.
        base: A git revision.

    Raises:
        InputError: Where the input cannot be used.
    """
    configuration = asked.configuration
    refuse_unknown_rules(configuration, (*rule_ids(), REASON, UNUSED))
    division = partial(pending, snapshot=asked.snapshot, from_=from_, to=to, base=base)
    reports, untried = [], []
    projects = [item for root in roots for item in _projects(root, asked, single_transaction)]
    for project in projects:
        try:
            reports.append(seen_from_here(_prove_and_fix(project, division, asked), project.root))
        except UntriedError as error:
            untried.append(error)
    if not reports and untried:
        raise untried[0]
    report = joined(reports)
    more = apply_configuration([error.finding() for error in untried], configuration)
    proofs = () if configuration.toolchain else passed_over(roots, projects, base)
    return replace(report, findings=(*report.findings, *more), proofs=(*report.proofs, *proofs))


def _projects(root: Path, asked: Asked, single_transaction: bool) -> Iterable[Project]:
    chosen = find_projects(root, toolchain=asked.configuration.toolchain)
    given: dict[str, Any] = {"python": asked.configuration.python}
    if single_transaction:
        given["single_transaction"] = True
    if asked.engine != "postgresql":
        given["dialect"] = asked.engine
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
    if not asked.fix:
        return report
    from dbspecialist.tasks.files import WrittenFiles

    files = WrittenFiles(project.root)
    for _ in range(FIX_ROUNDS):
        asked.tell("writing the edited files")
        if not files.write(report.findings, originals):
            break
        project = _with(project, {})  # a new one, which reads its files again
        report, originals = _prove_project(project, division(project), asked)
    return replace(report, proofs=(*report.proofs, *files.proofs))


def _prove_project(project: Project, division: Pending, asked: Asked) -> tuple[Report, Originals]:
    """Prove a project; return as well the files that its fixes edit, as they were read."""
    if asked.engine in {"mysql", "mariadb"}:
        from dbspecialist.tasks import prove_mysql

        return prove_mysql.prove_project(project, division, asked)
    if asked.engine == "sqlite":
        from dbspecialist.tasks import prove_sqlite

        return prove_sqlite.prove_project(project, division, asked)
    return prove_postgresql.prove_project(project, division, asked)
