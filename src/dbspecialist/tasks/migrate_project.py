"""The one project that a command is about, and the files that it writes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import Any

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.configuration import read_configuration
from dbspecialist.tasks.files import write_edits
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import Project

#: Leaves it to the folder which toolchain it has.
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where revisions are written, and how.

    Args:
        root: The folder of the project.
        toolchain: Its name, or `auto` for the only one that the folder has.
        title: What the change does; "" to have it said.
        head: The revision that they follow, where there are several heads.
        python: The interpreter that has the project's packages.
        write: Whether the files are written.
    """

    root: str | PathLike[str] = "."
    toolchain: str = AUTO
    title: str = ""
    head: str = ""
    python: str | PathLike[str] | None = None
    write: bool = False


def project_of(wanted: Wanted) -> Project:
    """Find the project.

    Raises:
        InputError: Where there is none, or there are several.
    """
    found = projects_of(wanted)
    if len(found) > 1:
        names = ", ".join(f"{item.name} in {_place(item)}" for item in found)
        todo = "give the folder of one with --project, or its --toolchain"
        raise InputError(f"there are several projects: {names}", str(wanted.root), todo)
    return found[0]


def projects_of(wanted: Wanted) -> tuple[Project, ...]:
    """Find all projects of the folder, or those of the one toolchain.

    Raises:
        InputError: Where there is none.
    """
    root = Path(wanted.root)
    configuration = read_configuration(root)
    named = configuration.toolchain if wanted.toolchain == AUTO else wanted.toolchain
    python = Path(wanted.python).absolute() if wanted.python else configuration.python
    return tuple(_with_python(item, python) for item in find_projects(root, named))


def _with_python(project: Any, python: Path | None) -> Project:
    has = {item.name for item in fields(project)}
    chosen: Project = replace(project, python=python) if python and "python" in has else project
    return chosen


def _place(project: Any) -> str:
    folder = getattr(project, "folder", project.root)
    return str(folder)


def write_new(project: Project, edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """Write the files, all or none, and return their paths from the project's root.

    Raises:
        InputError: As `write_edits`.
    """
    originals = {item.path: item.before.encode() if item.before else None for item in edits}
    write_edits(project.root, edits, originals)
    return tuple(item.path for item in edits)


def replace_files(
    project: Project, edits: Sequence[FileEdit], removed: Sequence[str]
) -> tuple[str, ...]:
    """Write files and remove others, and return the paths of those that were written.

    Raises:
        InputError: As `write_edits`, or where a file cannot be removed; then all are as before.
    """
    gone = {path: (project.root / path).read_bytes() for path in removed}
    before = {edit.path: (project.root / edit.path) for edit in edits}
    contents = {path: file.read_bytes() for path, file in before.items() if file.is_file()}
    written = write_new(project, edits)
    try:
        for path in removed:
            (project.root / path).unlink()
    except OSError as error:
        for path, content in {**gone, **contents}.items():
            (project.root / path).write_bytes(content)
        for path in written:
            if path not in contents:
                (project.root / path).unlink()
        raise InputError(str(error.strerror), str(error.filename), "check its rights") from error
    for path in removed:
        _remove_empty((project.root / path).parent)
    return written


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
