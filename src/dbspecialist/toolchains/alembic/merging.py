"""A revision that merges heads ("Working with Branches", Alembic's manual)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dbspecialist.facts.change import FileEdit
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.alembic.revision_model import read_model
from dbspecialist.toolchains.alembic.revisions import (
    Written,
    file_name,
    identifier,
    revision_lines,
)
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.walk import relative


def merged(project: AlembicProject, heads: Sequence[str], title: str) -> tuple[FileEdit, ...]:
    """Return the file of a revision that follows several and does nothing.

    Args:
        project: Whose heads they are.
        heads: The revisions to follow, in the order in which they are named.
        title: What it is called.
    """
    known = project.revisions.revisions
    item = NewRevision(title, ())
    made = Written(item, identifier(list(known), heads, item), tuple(heads), datetime.now(UTC))
    model = known[heads[0]].path
    text = "\n".join(revision_lines(made, read_model(model), commits=False)) + "\n"
    path = model.parent / file_name(project, made)
    return (FileEdit(relative(path, project.root), text),)
