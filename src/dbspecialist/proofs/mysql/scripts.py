"""Where the statements of migrations for MySQL and MariaDB come from: files, or a recording."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.migration import Migration
from dbspecialist.proofs.scripts import Script, read_scripts
from dbspecialist.toolchains.base import Project
from dbspecialist.twins.mysql.stage import Stage

#: The engine, for people.
NAME = "MySQL and MariaDB"


def scripts_of(
    stage: Stage, project: Project, before: Sequence[Migration], pending: Sequence[Migration]
) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
    """Read the statements of migrations from files, or record them where they are programs.

    Raises:
        InputError: Where they are programs of another toolchain than Alembic, or do not run.
    """
    if project.name != "alembic":
        return read_scripts(project, before, NAME), read_scripts(project, pending, NAME)
    from dbspecialist.proofs.mysql.recording import record_scripts
    from dbspecialist.toolchains.alembic.project import AlembicProject

    assert isinstance(project, AlembicProject)
    return record_scripts(stage, project, before, pending)
