"""Writing fixes into Flyway scripts: a script without a transaction is one of its own.

`V7__x.sql` is followed by `V7.1__x_2.sql` and so on; beside one without a transaction lies its
configuration with `executeInTransaction=false` ("Script Config Files", Flyway's manual). Undo
scripts stay with the first, which is undone last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.trial import Trial
from dbspecialist.toolchains.flyway.names import version_of
from dbspecialist.toolchains.flyway.project import FlywayProject
from dbspecialist.toolchains.sql_parts import Part, in_place, parted
from dbspecialist.toolchains.sql_places import places, read_source
from dbspecialist.toolchains.walk import relative
from dbspecialist.toolchains.writing import Replacements

_NAME = re.compile(r"V(?P<version>[\d._]+?)__(?P<title>.*)\.sql", re.IGNORECASE)
_CONFIG = "executeInTransaction=false\n"


def rewritten(
    project: FlywayProject, trial: Trial, replacements: Replacements
) -> tuple[FileEdit, ...]:
    """Return the script with the phases in it, or parted into scripts that follow one another."""
    path = project.root / trial.migration.path
    source = read_source(path)
    script = project.script(trial.migration.revision)
    found = source and places(source.text, script.statements, trial, replacements)
    if not source or not found:
        return ()
    if not script.transactional:
        text = in_place(source.text, found)
        if text is None:
            return ()
        edit = FileEdit(trial.migration.path, source.written(text))
        return (edit, *_stated(project, path, replacements))
    parts = parted(source.text, (0, len(source.text)), found, together=True)
    names = list(_names(project, path, len(parts)))
    if len(names) < len(parts):
        return ()
    edits: list[FileEdit] = []
    for number, (name, part) in enumerate(zip(names, parts, strict=True)):
        text = part.text if number == 0 else part.text.strip("\n") + "\n"
        edits.append(FileEdit(relative(path.with_name(name), project.root), source.written(text)))
        edits += _beside(project, path, name, part, first=number == 0)
    return tuple(edits)


def _stated(project: FlywayProject, path: Path, replacements: Replacements) -> Iterator[FileEdit]:
    """Yield the configuration of a script that Flyway knows by its only statement so far."""
    sent = [sql for phases in replacements.values() for phase in phases for sql in phase.up]
    own = path.with_name(f"{path.name}.conf")
    if len(sent) > len(replacements) and project.config.in_transaction and not own.is_file():
        yield FileEdit(relative(own, project.root), _CONFIG)


def _names(project: FlywayProject, path: Path, count: int) -> Iterator[str]:
    """Yield the scripts' names; fewer where a version is taken by another."""
    yield path.name
    found = _NAME.fullmatch(path.name)
    if found is None:
        return
    own = version_of(found["version"])
    taken = [name.version for name, _ in project.scripts.values() if name.version]
    taken += [item.name.version for item in project.programs.values() if item.name.version]
    follows = min((item for item in taken if item > own), default=None)
    separator = "_" if "_" in found["version"] else "."
    for step in range(1, count):
        version = f"{found['version']}{separator}{step}"
        if follows is not None and version_of(version) >= follows:
            return
        yield f"V{version}__{found['title']}_{step + 1}.sql"


def _beside(
    project: FlywayProject, path: Path, name: str, part: Part, *, first: bool
) -> Iterator[FileEdit]:
    """Yield the configuration of a script without a transaction, and the undo script it needs."""
    if not part.transactional:
        config = relative(path.with_name(f"{name}.conf"), project.root)
        yield FileEdit(config, _CONFIG)
    number = version_of(path.name[1:].partition("__")[0])
    if not first and number in project.undo:
        undo = project.undo[number].with_name("U" + name[1:])
        yield FileEdit(relative(undo, project.root), f"-- Undone by {project.undo[number].name}.\n")
