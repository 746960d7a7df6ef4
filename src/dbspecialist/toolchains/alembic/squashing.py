"""One Alembic revision in place of several, with the identifier of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.alembic.revision_model import read_model
from dbspecialist.toolchains.alembic.revisions import Written, in_style, revision_lines
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.squashing import KEEPS, Squashed


def squashed(project: AlembicProject, replaced: Sequence[Migration], item: NewRevision) -> Squashed:
    """Return the file of the last revision, which follows what the first followed."""
    known = project.revisions.revisions
    first, last = known[replaced[0].revision], known[replaced[-1].revision]
    for migration in replaced:
        revision = known[migration.revision]
        if revision.labels or revision.depends_on:
            what = "it has branch labels or depends_on, which one revision cannot take over"
            raise InputError(what, migration.path, "choose a range without it")
    if len(first.down) > 1:
        raise InputError("it is a merge", replaced[0].path, "begin behind it")
    made = Written(
        replace(item, up=in_style(project, item.up), down=in_style(project, item.down)),
        last.revision,
        first.down,
        datetime.now(UTC),
    )
    text = "\n".join(revision_lines(made, read_model(last.path), commits=False)) + "\n"
    path = replaced[-1].path
    edits = (FileEdit(path, text, script_text(project.root / path)),)
    removed = tuple(other.path for other in replaced[:-1])
    return Squashed(edits, removed, (KEEPS.format(last.revision),))
