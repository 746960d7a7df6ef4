"""New Prisma migrations: folders with a migration.sql, and a down.sql beside it.

Until 7.3 a file is one message, so that a statement without a transaction stands alone in its
file; from 7.4 on statements are sent one by one, so that a transaction is written out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.dialects import POSTGRESQL
from dbspecialist.toolchains.numbering import next_number
from dbspecialist.toolchains.prisma_migrate import PrismaProject
from dbspecialist.toolchains.revisions import NewRevision, Place, comment, one_by_one, slug
from dbspecialist.toolchains.sql_files_revisions import script
from dbspecialist.toolchains.sql_style import style_of
from dbspecialist.toolchains.walk import relative

_NAME = re.compile(r"(\d+)(?:_.*)?")
_SENDS_ONE_BY_ONE = (7, 4)


def new_revisions(
    project: PrismaProject, revisions: Sequence[NewRevision], place: Place
) -> tuple[FileEdit, ...]:
    """Return the files of new migrations behind the last."""
    where = relative(project.folder, project.root)
    if place.head:
        raise InputError("Prisma has no heads", where, "leave --head out")
    history = project.history()
    last = history[-1].revision if history else "00000000000000"
    found = _NAME.fullmatch(last)
    if found is None:
        todo = "name the migrations by time or number, or write them by hand"
        raise InputError(f"{last} has no number to count on from", where, todo)
    number = found[1] if history else place.now.strftime("%Y%m%d%H%M%S")
    edits: list[FileEdit] = []
    for step, item in enumerate(one_by_one(revisions, where)):
        if history or step:
            number = next_number(number, place.moment(step))
        folder = project.folder / f"{number}_{slug(item.title)}"
        up, down = in_style(project, item.up), in_style(project, item.down)
        head = [*comment(item.title, "--"), *comment(item.when and f"Runs when: {item.when}", "--")]
        begins = item.transactional and _one_by_one(project)
        text = "\n".join((*head, script(up, begins=begins)))
        edits.append(FileEdit(relative(folder / "migration.sql", project.root), text))
        if down:
            edits.append(FileEdit(relative(folder / "down.sql", project.root), script(down)))
    return tuple(edits)


def _one_by_one(project: PrismaProject) -> bool:
    return project.version is not None and project.version >= _SENDS_ONE_BY_ONE


def in_style(project: PrismaProject, statements: Sequence[str]) -> tuple[str, ...]:
    """Return statements as the project's migrations write them."""
    paths = [project.root / item.path for item in project.history()]
    if project.dialect != POSTGRESQL:
        return tuple(statements)
    return style_of(map(script_text, paths)).written(statements)
