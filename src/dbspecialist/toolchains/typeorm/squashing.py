"""One TypeORM class in place of several, with the name of the last."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.node.new_files import in_style, read_style
from dbspecialist.toolchains.node.packages import SCRIPTS, walk
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.squashing import KEEPS, Squashed
from dbspecialist.toolchains.typeorm.project import TypeormProject
from dbspecialist.toolchains.typeorm.revisions import class_lines


def squashed(project: TypeormProject, replaced: Sequence[Migration], item: NewRevision) -> Squashed:
    """Return the file of the last class, and those that list the others without them."""
    names = {migration.revision for migration in replaced}
    classes = [one for one in project.classes if one.name in names]
    shared = [one for one in project.classes if one.path in {c.path for c in classes[:-1]}]
    if {one.name for one in shared} - names:
        raise InputError("a file of the range holds other migrations", replaced[0].path, "part it")
    last = classes[-1]
    paths = [one.path for one in project.classes]
    ways = (in_style(paths, item.up), in_style(paths, item.down))
    text = "\n".join(class_lines(project, read_style(last.path), last.name, item, ways)) + "\n"
    path = replaced[-1].path
    edits = [FileEdit(path, text, (project.root / path).read_text(encoding="utf-8"))]
    known = {one.path for one in project.classes}
    for file in walk(project.package.folder):
        if file.suffix in SCRIPTS and file not in known:
            before = file.read_text(encoding="utf-8", errors="replace")
            after = _without(before, [one.name for one in classes[:-1]])
            if after != before:
                edits.append(FileEdit(file.relative_to(project.root).as_posix(), after, before))
    removed = tuple(migration.path for migration in replaced[:-1])
    return Squashed(tuple(edits), removed, (KEEPS.format(last.name),))


def _without(text: str, names: Sequence[str]) -> str:
    """Return a list of classes without some: lines that name one alone go, else its name does."""
    for name in names:
        word = re.escape(name)
        text = re.sub(rf"^import\s*{{?\s*{word}\s*}}?\s*from[^\n]*\n", "", text, flags=re.MULTILINE)
        text = re.sub(rf"^[^\S\n]*{word}\s*,?[^\S\n]*\n", "", text, flags=re.MULTILINE)
        text = re.sub(rf"\b{word}\b\s*,\s*|,\s*\b{word}\b", "", text)
    return text
