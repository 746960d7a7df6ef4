"""Copies of a project with some files changed, for its own runner to run.

Only the folders of the changed files and of the project itself are made; what lies beside them is
linked, so that the project's packages and environment are found as before.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from dbspecialist.facts.change import FileEdit
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.git import ignored, top_of, untracked, write_commit
from dbspecialist.toolchains.walk import folders
from dbspecialist.twins.folders import owned_folder

#: Files up to this size are copied: a link would lead a tool back to the original's folder.
COPIED_BYTES = 1 << 20


@runtime_checkable
class ReadAgain(Protocol):
    """A project that holds what it has read, and reads its folders again."""

    def read_again(self) -> Project:
        """Return the project with the files that its folders have now."""


@contextlib.contextmanager
def copied(
    project: Project, edits: Iterable[FileEdit], removed: Iterable[str] = ()
) -> Iterator[Project]:
    """Copy a project into a temporary folder, changed by edits; it goes with the block.

    Args:
        project: The project.
        edits: The new texts of files.
        removed: Files that the copy does not have, from the project's root.
    """
    top = _top(project.root.resolve())
    edits = tuple(edits)
    with owned_folder("c") as made:
        copy = made.resolve()
        inside = project.root.resolve().relative_to(top)
        opened = {Path(), *_with_parents(inside)}
        for place in _folders(project):
            opened.update(_with_parents(place.relative_to(top)))
        gone = tuple(removed)
        for path in (*(edit.path for edit in edits), *gone):
            opened.update(_with_parents((inside / path).parent))
        for folder in sorted(opened):
            _open(top / folder, copy / folder, {top / item for item in opened})
        for edit in edits:
            file = copy / inside / edit.path
            file.unlink(missing_ok=True)
            file.write_bytes(edit.text.encode())
        for path in gone:
            (copy / inside / path).unlink()
        moved = _moved(project, top, copy)
        yield moved.read_again() if isinstance(moved, ReadAgain) else moved


@contextlib.contextmanager
def at_commit(project: Project, commit: str) -> Iterator[Project]:
    """Write a project as it was at a commit into a temporary folder, which goes with the block.

    What git ignores is linked from the working tree, as environments and packages are.

    Raises:
        InputError: When git does not know the commit.
    """
    root = project.root.resolve()
    top = top_of(root).resolve()
    with owned_folder("g") as made:
        copy = made.resolve()
        write_commit(top, commit, copy)
        left_out = ignored(top)
        for path in untracked(top):
            if path in left_out or _is_environment(top / path):
                _link(top / path, copy / path)
        moved = _moved(project, top, copy)
        if any(field.name == "origin" for field in fields(moved)):
            moved = replace(moved, origin=(top, copy))
        yield moved


def _is_environment(path: Path) -> bool:
    return (path / "pyvenv.cfg").is_file() or path.name == "node_modules"


def _link(path: Path, target: Path) -> None:
    if target.parent.is_dir() and not target.exists() and path.name != "__pycache__":
        target.symlink_to(path)


def _top(root: Path) -> Path:
    """Return the repository's folder: environments and packages may lie above the project."""
    return next((item for item in (root, *root.parents) if (item / ".git").exists()), root)


def _with_parents(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents


def _folders(project: Project) -> Iterator[Path]:
    """Yield the folders that the project's dataclasses name, the innermost with those below.

    Toolchains look for migrations below them, and do not follow links when they do.
    """
    root = project.root.resolve()
    named = {path.resolve() for path in _paths(project) if path.is_dir()}
    inside = [item for item in named if item.is_relative_to(root)]
    for folder in inside:
        if any(other != folder and other.is_relative_to(folder) for other in inside):
            yield folder
        else:
            yield from folders(folder)


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _paths(item)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in {"package", "python", "root"}:
                yield from _paths(getattr(value, field.name))


def _open(folder: Path, copy: Path, opened: set[Path]) -> None:
    """Make a folder with what the original holds: small files copied, all else linked."""
    copy.mkdir(exist_ok=True)
    if not folder.is_dir():
        return
    for item in folder.iterdir():
        if item in opened or item.name in {".git", "__pycache__"}:
            continue
        target = copy / item.name
        if item.is_file() and not item.is_symlink() and item.stat().st_size <= COPIED_BYTES:
            shutil.copy2(item, target)
        else:
            target.symlink_to(item.resolve())


def _moved(value: Any, top: Path, copy: Path) -> Any:
    """Return a project, or what it is made of, with its paths below another folder."""
    if isinstance(value, Path):
        path = value.absolute()
        resolved = path if path.is_relative_to(top) else path.resolve()
        return copy / resolved.relative_to(top) if resolved.is_relative_to(top) else value
    if isinstance(value, (tuple, list)):
        return type(value)(_moved(item, top, copy) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        named = (field.name for field in fields(value) if field.init)
        return replace(value, **{name: _moved(getattr(value, name), top, copy) for name in named})
    return value
