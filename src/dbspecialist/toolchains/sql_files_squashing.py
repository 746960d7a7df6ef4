"""One SQL file in place of several, with the name of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.toolchains.sql_files_revisions import ONE_MESSAGE, files_of, in_style
from dbspecialist.toolchains.sql_files_writing import tool_of
from dbspecialist.toolchains.squashing import KEEPS, Squashed
from dbspecialist.toolchains.walk import relative


def squashed(project: SqlFiles, replaced: Sequence[Migration], item: NewRevision) -> Squashed:
    """Return the files of the last revision."""
    last = replaced[-1].revision
    model = project.root / replaced[-1].path
    tool = tool_of(script_text(model), model)
    if not item.transactional and tool in ONE_MESSAGE:
        what = "what the range makes cannot be sent as one message"
        raise InputError(what, replaced[0].path, "choose a shorter range")
    styled = replace(item, up=in_style(project, item.up), down=in_style(project, item.down))
    edits: list[FileEdit] = []
    for path, text in files_of(project, model, last, styled, tool):
        before = script_text(path) if path.is_file() else ""
        edits.append(FileEdit(relative(path, project.root), text, before))
    written = {edit.path for edit in edits}
    files = [
        relative(path, project.root)
        for migration in replaced
        for path in project.pair(migration.revision)
        if path is not None
    ]
    removed = tuple(path for path in files if path not in written)
    return Squashed(tuple(edits), removed, (KEEPS.format(last),))
