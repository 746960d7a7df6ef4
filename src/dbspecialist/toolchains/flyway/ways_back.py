"""The undo script of a version."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.flyway.project import FlywayProject
from dbspecialist.toolchains.flyway.revisions import in_style
from dbspecialist.toolchains.sql_files_revisions import script
from dbspecialist.toolchains.walk import relative


def with_way_back(
    project: FlywayProject, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return the undo script of a version, beside it or where the others are."""
    name, path = project.scripts[migration.revision]
    if name.kind != "V":
        raise InputError("only versions have undo scripts", migration.path, "write another version")
    known = project.undo.get(name.version)
    beside = next(iter(project.undo.values()), path).parent
    undo = known or beside / f"U{path.name[1:]}"
    before = undo.read_bytes().decode("utf-8") if undo.is_file() else ""
    text = script(in_style(project, statements))
    return (FileEdit(relative(undo, project.root), text, before),)
