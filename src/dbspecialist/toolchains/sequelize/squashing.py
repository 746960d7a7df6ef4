"""One Sequelize migration in place of several, with the file name of the last."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.node.new_files import in_style, read_style
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.sequelize.project import SequelizeProject
from dbspecialist.toolchains.sequelize.revisions import file_lines, read_shape
from dbspecialist.toolchains.squashing import KEEPS, Squashed


def squashed(
    project: SequelizeProject, replaced: Sequence[Migration], item: NewRevision
) -> Squashed:
    """Return the last file, which does all."""
    path = replaced[-1].path
    file = project.root / path
    up, down = in_style(project.files, item.up), in_style(project.files, item.down)
    text = "\n".join(file_lines(read_shape(read_style(file)), item, up, down)) + "\n"
    edit = FileEdit(path, text, file.read_text(encoding="utf-8"))
    removed = tuple(migration.path for migration in replaced[:-1])
    return Squashed((edit,), removed, (KEEPS.format(replaced[-1].revision),))
