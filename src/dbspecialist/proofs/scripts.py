"""Scripts: what a toolchain sends for a migration, where that stands in files of SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.sql_formats import Section


@dataclass(frozen=True, slots=True)
class Script:
    """One migration's statements.

    Args:
        migration: Whose they are.
        up: Its way up.
        down: Its way back; empty where it has none.
        wraps: Whether the runner wraps the way up in a transaction.
        enforces: Whether the runner's connection enforces foreign keys; nothing where the
            stage decides.
    """

    migration: Migration
    up: tuple[ScriptStatement, ...]
    down: tuple[ScriptStatement, ...] = ()
    wraps: bool = False
    enforces: bool | None = None


@runtime_checkable
class Sectioned(Protocol):
    """A project whose migrations are files of SQL."""

    def sections(self, revision: str) -> tuple[Section, Section | None]:
        """The way up and the way back of one file."""


def read_scripts(
    project: Project, migrations: Iterable[Migration], engine: str
) -> tuple[Script, ...]:
    """Read the statements of migrations.

    Args:
        project: Whose they are.
        migrations: Which of them.
        engine: Who they are sent to, for people: `SQLite`.

    Raises:
        InputError: Where the toolchain's migrations are not files of SQL.
    """
    if not isinstance(project, Sectioned):
        raise InputError(
            f"{project.name} migrations are not tried on {engine} yet",
            str(project.root),
            "give files of SQL",
        )
    return tuple(_script(project, migration) for migration in migrations)


def _script(project: Sectioned, migration: Migration) -> Script:
    up, down = project.sections(migration.revision)
    # Several statements in one message are a transaction of PostgreSQL's alone.
    wraps = up.wrapping == "transaction"
    return Script(migration, up.statements, down.statements if down else (), wraps)
