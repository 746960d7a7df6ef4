"""Histories: the revisions of a folder's projects, and what a database has of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.revision_state import Listed, RevisionState, State
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.tasks.migrate_project import Wanted, projects_of
from dbspecialist.tasks.sources import read_source
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending, pending
from dbspecialist.toolchains.walk import relative


def history(
    wanted: Wanted,
    *,
    snapshot: str | Path | None = None,
    database: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Listed, ...]:
    """List the revisions of a folder's projects in running order.

    Args:
        wanted: The folder, and the toolchain where only one is wanted.
        snapshot: A snapshot, whose version tables tell what is applied.
        database: The URL of a database that is asked instead; it is only read.
        tell: Called with each step, a clause.

    Raises:
        InputError: Where there is no project, or a source cannot be read.
    """
    if snapshot is not None and database is not None:
        raise InputError("two databases are given", "--snapshot --database", "give one of them")
    source = capture(database, workload=False) if database else read_source(snapshot, tell)
    return tuple(_listed(item, source) for item in projects_of(wanted))


def _listed(project: Project, source: Snapshot | None) -> Listed:
    division = pending(project, source)
    followed = {parent for item in project.history() for parent in item.parents}
    states = tuple(
        RevisionState(item, _state(item, division, source), item.revision not in followed)
        for item in project.history()
    )
    folder = Path(project.history()[-1].path).parent if states else Path()
    return Listed(
        project.name, relative(project.root / folder, project.root), states, project.notes
    )


def _state(item: Migration, division: Pending, source: Snapshot | None) -> State:
    if source is None:
        return "unknown"
    if item in division.edited:
        return "changed"
    return "applied" if item in division.applied else "pending"
