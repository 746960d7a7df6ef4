"""One Prisma migration in place of several ("Squashing migrations", Prisma's manual)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.prisma_migrate import PrismaProject
from dbspecialist.toolchains.prisma_migrate_revisions import in_style
from dbspecialist.toolchains.revisions import NewRevision, comment, slug
from dbspecialist.toolchains.sql_files_revisions import script
from dbspecialist.toolchains.squashing import Squashed
from dbspecialist.toolchains.stamping import stamp_command
from dbspecialist.toolchains.walk import relative


def squashed(project: PrismaProject, replaced: Sequence[Migration], item: NewRevision) -> Squashed:
    """Return a migration of a new name, since Prisma keeps the checksum of the last one's file."""
    last = replaced[-1].revision
    number = re.match(r"\d*", last)
    name = f"{number[0] if number else ''}_{slug(item.title)}"
    if name == last:
        name = f"{name}_squashed"
    folder = project.folder / name
    text = "\n".join((*comment(item.title, "--"), script(in_style(project, item.up))))
    edits = [FileEdit(relative(folder / "migration.sql", project.root), text)]
    if item.down:
        down = script(in_style(project, item.down))
        edits.append(FileEdit(relative(folder / "down.sql", project.root), down))
    removed = tuple(
        relative(path, project.root)
        for migration in replaced
        for path in sorted((project.root / migration.path).parent.iterdir())
        if path.is_file()
    )
    command = stamp_command("prisma", name)
    note = f"tell each database that has {last}: {command}; bring those between to {last} first"
    return Squashed(tuple(edits), removed, (note,))
