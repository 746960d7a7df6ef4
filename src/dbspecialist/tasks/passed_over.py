"""Folders of SQL migrations that are passed over where other toolchains have projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dbspecialist.facts.proof import Proof
from dbspecialist.facts.units import plural
from dbspecialist.tasks.places import from_here
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.git import changes_since
from dbspecialist.toolchains.sql_files import SqlFiles, detect_all


def passed_over(
    roots: Sequence[Path], projects: Sequence[Project], base: str | None = None
) -> tuple[Proof, ...]:
    """Return what stays unchecked: SQL that is looked for only where no toolchain has a project.

    Args:
        roots: The folders that were searched.
        projects: What was found in them.
        base: A git revision; a folder counts where it has files that are new since.
    """
    return tuple(
        Proof(
            "every project of the repository was tried",
            "unchecked",
            f"{from_here(item.folder)} holds {plural(count, 'SQL file')} and belongs to no "
            f"project of {names}; name the folder to have it tried",
        )
        for root in roots
        if root.is_dir()
        for item in _apart(root, projects)
        if (count := _counted(item, base))
        for names in (", ".join(sorted({project.name for project in projects})),)
    )


def _apart(root: Path, projects: Sequence[Project]) -> Iterator[SqlFiles]:
    """Yield the folders of SQL that hold no migration of a project."""
    found = detect_all(root)
    held = {path for item in projects for path in _paths(item)} if found else set()
    for item in found:
        folder = item.folder.resolve()
        if not any(path.is_relative_to(folder) for path in held):
            yield item


def _paths(project: Project) -> Iterator[Path]:
    for item in project.history():
        yield (project.root / item.path).resolve()


def _counted(item: SqlFiles, base: str | None) -> int:
    """Count the files of a folder, those that are new since a base where one is given."""
    paths = {(item.root / migration.path).resolve() for migration in item.history()}
    return len(paths if base is None else paths & changes_since(base, item.root).added)
