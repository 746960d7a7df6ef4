"""The function `down` of a Sequelize migration, written anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.node.bodies import with_body
from dbspecialist.toolchains.node.new_files import in_style
from dbspecialist.toolchains.sequelize.project import SequelizeProject
from dbspecialist.toolchains.sequelize.revisions import code, sequelize_of


def with_way_back(
    project: SequelizeProject, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return the migration's file with another body of `down`."""
    text = (project.root / migration.path).read_text(encoding="utf-8")
    styled = in_style(project.files, statements)

    def lines(given: str) -> Iterator[str]:
        if not given:
            raise InputError("down has no parameter", migration.path, "give it queryInterface")
        yield from code(sequelize_of(given, text), styled, True)

    return (with_body(project.root, migration.path, "down", lines),)
