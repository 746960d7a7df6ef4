"""Fixes written in place of their statements, whatever wraps the file: DDL commits by itself there.

On MySQL and MariaDB no runner's transaction holds over DDL, so a file is never parted.
"""

from __future__ import annotations

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.sql_parts import in_place
from dbspecialist.toolchains.sql_places import places, read_source
from dbspecialist.toolchains.writing import Replacements


def rewritten_in_place(
    project: Project,
    statements: tuple[ScriptStatement, ...],
    trial: Trial,
    replacements: Replacements,
) -> tuple[FileEdit, ...]:
    """Return a migration's file with the phases in it, or nothing where a place is not sure.

    Args:
        project: Whose migration it is.
        statements: What its runner sends of the file.
        trial: What was sent.
        replacements: Phases by the position of the statement that they replace.
    """
    path = project.root / trial.migration.path
    readable = path.suffix == ".sql" and path.is_file() and replacements
    source = read_source(path) if readable else None
    found = source and places(source.text, statements, trial, replacements)
    text = in_place(source.text, found) if source and found else None
    if source is None or text is None:
        return ()
    return (FileEdit(trial.migration.path, source.written(text), source.written(source.text)),)
