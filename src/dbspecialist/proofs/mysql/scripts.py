"""Scripts: what a toolchain sends for a migration, where that stands in files of SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.sql_formats import Section
from dbspecialist.twins.mysql.stage import Stage


@dataclass(frozen=True, slots=True)
class Script:
    """One migration's statements.

    Args:
        migration: Whose they are.
        up: Its way up.
        down: Its way back; empty where it has none.
        wraps: Whether the runner wraps the way up in a transaction.
    """

    migration: Migration
    up: tuple[ScriptStatement, ...]
    down: tuple[ScriptStatement, ...] = ()
    wraps: bool = False


@runtime_checkable
class Sectioned(Protocol):
    """A project whose migrations are files of SQL."""

    def sections(self, revision: str) -> tuple[Section, Section | None]:
        """The way up and the way back of one file."""


def scripts_of(
    stage: Stage, project: Project, before: Sequence[Migration], pending: Sequence[Migration]
) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
    """Read the statements of migrations from files, or record them where they are programs.

    Raises:
        InputError: Where they are programs of another toolchain than Alembic, or do not run.
    """
    if project.name != "alembic":
        return read_scripts(project, before), read_scripts(project, pending)
    from dbspecialist.proofs.mysql.recording import record_scripts
    from dbspecialist.toolchains.alembic.project import AlembicProject

    assert isinstance(project, AlembicProject)
    return record_scripts(stage, project, before, pending)


def read_scripts(project: Project, migrations: Iterable[Migration]) -> tuple[Script, ...]:
    """Read the statements of migrations.

    Raises:
        InputError: Where the toolchain's migrations are not files of SQL.
    """
    if not isinstance(project, Sectioned):
        raise InputError(
            f"{project.name} migrations are not tried on MySQL and MariaDB yet",
            str(project.root),
            "give files of SQL",
        )
    return tuple(_script(project, migration) for migration in migrations)


def _script(project: Sectioned, migration: Migration) -> Script:
    up, down = project.sections(migration.revision)
    # Several statements in one message are a transaction of PostgreSQL's alone.
    wraps = up.wrapping == "transaction"
    return Script(migration, up.statements, down.statements if down else (), wraps)
