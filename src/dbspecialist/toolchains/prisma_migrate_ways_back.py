"""The down.sql that Prisma's manual has people keep beside migration.sql."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.prisma_migrate import PrismaProject
from dbspecialist.toolchains.prisma_migrate_revisions import in_style
from dbspecialist.toolchains.sql_files_revisions import script
from dbspecialist.toolchains.walk import relative


def with_way_back(
    project: PrismaProject, migration: Migration, statements: Sequence[str]
) -> tuple[FileEdit, ...]:
    """Return a migration's down.sql."""
    down = (project.root / migration.path).with_name("down.sql")
    before = down.read_bytes().decode("utf-8") if down.is_file() else ""
    text = script(in_style(project, statements))
    return (FileEdit(relative(down, project.root), text, before),)
