"""Alembic: revisions run by the project's own env.py, in the project's own interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbspecialist.toolchains.alembic.config import AlembicConfig, read_ini, read_toml
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.walk import folders

LOOKS_FOR = "alembic.ini, or [tool.alembic] in pyproject.toml"


def detect(root: Path) -> AlembicProject | None:
    """Find the first Alembic project in a folder or below."""
    return next(iter(detect_all(root)), None)


def detect_all(root: Path) -> tuple[AlembicProject, ...]:
    """Find every section of every Alembic configuration in a folder or below.

    Raises:
        InputError: When a configuration is not readable.
    """
    places = folders(root) if root.is_dir() else iter([root.parent])
    found = [config for folder in places for config in _configs(folder, root)]
    seen: set[tuple[Path, ...]] = set()
    projects = []
    for config in found:
        if config.scripts.is_dir() and config.versions not in seen:
            seen.add(config.versions)
            projects.append(AlembicProject(root, config))
    return tuple(projects)


def _configs(folder: Path, root: Path) -> Iterator[AlembicConfig]:
    for name, read in (("alembic.ini", read_ini), ("pyproject.toml", read_toml)):
        file = folder / name
        if file.is_file() and (root.is_dir() or file == root):
            yield from read(file, root if root.is_dir() else folder)
