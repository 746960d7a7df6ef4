"""Writing fixes into Prisma's migrations: one statement without a transaction is one migration.

Prisma sends a migration as one message, which runs in a transaction unless it is one statement
(see prisma_migrate.py); each phase becomes a migration that follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.prisma_migrate import PrismaProject
from dbspecialist.toolchains.sql_parts import in_place, parted
from dbspecialist.toolchains.sql_places import places, read_source
from dbspecialist.toolchains.walk import relative
from dbspecialist.toolchains.writing import Replacements

_NAME = re.compile(r"(\d+)(.*)")
#: Sent with the whole file, even where others are sent one by one.
_UNREAD = re.compile(r"\s*drop\s+index\s+concurrently\b", re.IGNORECASE)


def rewritten(
    project: PrismaProject, trial: Trial, replacements: Replacements
) -> tuple[FileEdit, ...]:
    """Return the migration with the phases in it, or parted into migrations that follow."""
    path = project.root / trial.migration.path
    source = read_source(path)
    statements, wrapping = project.script(trial.migration.revision)
    found = source and places(source.text, statements, trial, replacements)
    if not source or not found:
        return ()
    unread = any(
        _UNREAD.match(sql)
        for phases in replacements.values()
        for phase in phases
        for sql in phase.up
    )
    if wrapping == "each" and not unread:
        text = in_place(source.text, found)
        return () if text is None else (FileEdit(trial.migration.path, source.written(text)),)
    parts = parted(source.text, (0, len(source.text)), found, together=False)
    names = list(_names(project, trial.migration.revision, len(parts)))
    if len(names) < len(parts):
        return ()
    files = [path.parent.with_name(name) / path.name for name in names]
    texts = [parts[0].text, *(part.text.strip("\n") + "\n" for part in parts[1:])]
    return tuple(
        FileEdit(relative(file, project.root), source.written(text))
        for file, text in zip(files, texts, strict=True)
    )


def _names(project: PrismaProject, revision: str, count: int) -> Iterator[str]:
    """Yield the names of the parts; fewer where they would not sort before the next migration."""
    yield revision
    known = [item.revision for item in project.history()]
    follows = known[known.index(revision) + 1 :][:1]
    found = _NAME.fullmatch(revision)
    if found is None:
        return
    for step in range(1, count):
        number = str(int(found[1]) + step).zfill(len(found[1]))
        name = f"{number}{found[2]}_{step + 1}"
        if any(name >= other for other in follows):
            return
        yield name
