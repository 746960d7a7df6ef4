"""New Flyway scripts, versioned and named as the newest.

Undo scripts are written where the project has any (Flyway runs them in its Teams edition, "Undo
Migrations"); else the way back is a comment at the script's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.dialects import POSTGRESQL
from dbspecialist.toolchains.flyway.project import FlywayProject
from dbspecialist.toolchains.numbering import next_number
from dbspecialist.toolchains.revisions import NewRevision, Place, comment, slug
from dbspecialist.toolchains.sql_files_revisions import script
from dbspecialist.toolchains.sql_style import style_of
from dbspecialist.toolchains.walk import relative

_VERSION = re.compile(r"[VB](\d+(?:[._]\d+)*)__(.*)\.sql", re.IGNORECASE)


def new_revisions(
    project: FlywayProject, revisions: Sequence[NewRevision], place: Place
) -> tuple[FileEdit, ...]:
    """Return the scripts of new versions behind the last."""
    if place.head:
        raise InputError("Flyway has no heads", str(project.root), "leave --head out")
    model = _last(project)
    found = _VERSION.fullmatch(model.name) if model else None
    number, title = (found[1], found[2]) if found else ("0", "")
    folder = model.parent if model else project.config.locations[0]
    edits: list[FileEdit] = []
    for step, item in enumerate(revisions):
        number = next_number(number, place.moment(step))
        words = slug(item.title)
        name = words[0].upper() + words[1:] if title[:1].isupper() else words
        for path, text in _files(project, folder, f"{number}__{name}.sql", item):
            edits.append(FileEdit(relative(path, project.root), text))
    return tuple(edits)


def _last(project: FlywayProject) -> Path | None:
    versioned = [path for name, path in project.scripts.values() if name.version]
    return versioned[-1] if versioned else None


def in_style(project: FlywayProject, statements: Sequence[str]) -> tuple[str, ...]:
    """Return statements as the project's scripts write them."""
    texts = (script_text(path) for _, path in project.scripts.values())
    if project.dialect != POSTGRESQL:
        return tuple(statements)
    return style_of(texts).written(statements)


def _files(
    project: FlywayProject, folder: Path, name: str, item: NewRevision
) -> Iterator[tuple[Path, str]]:
    up, down = script(in_style(project, item.up)), in_style(project, item.down)
    head = [*comment(item.title, "--"), *comment(item.when and f"Runs when: {item.when}", "--")]
    text = "\n".join((*head, up))
    if down and not project.undo:
        back = comment(f"The way back:\n{script(down)}", "--")
        text += "\n" + "\n".join(back) + "\n"
    yield from _with_settings(project, folder / f"V{name}", text, item.transactional)
    if project.undo:
        undo = next(iter(project.undo.values())).parent / f"U{name}"
        yield from _with_settings(project, undo, script(down), item.back_transactional)


def _with_settings(
    project: FlywayProject, path: Path, text: str, transactional: bool
) -> Iterator[tuple[Path, str]]:
    """Yield a script, and its configuration where it needs one ("Script Configuration Files")."""
    yield path, text
    settings = "" if transactional else "executeInTransaction=false\n"
    if project.config.replaces and project.config.prefix in text:
        settings += "placeholderReplacement=false\n"
    if settings:
        yield path.with_name(f"{path.name}.conf"), settings
