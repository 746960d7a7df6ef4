"""Toolchains: they find a repository's migrations and run them against a target."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.base import Project


def find_projects(root: Path, toolchain: str | None = None) -> tuple[Project, ...]:
    """Find the projects of all toolchains in a folder; plain SQL only where no other has one.

    A toolchain is a module of this folder with `detect`, or `detect_all` where a repository can
    hold several of its projects; `LOOKS_FOR` says what it goes by.

    Args:
        root: A folder, or a file of SQL.
        toolchain: The name of the only toolchain that is wanted; plain SQL must be named where
            another has a project.

    Raises:
        InputError: When there is none, or one's configuration cannot be read.
    """
    if not root.exists():
        raise InputError("there is nothing at this path", str(root), "check it")
    modules = list(_modules())
    projects: list[Project] = []
    for module in modules:
        if toolchain is not None or not projects or not _falls_back(module):
            projects += _in(module, root)
    projects = [item for item in projects if toolchain in {None, item.name}]
    if not projects:
        looked_for = "; ".join(getattr(module, "LOOKS_FOR", module.__name__) for module in modules)
        raise InputError(
            f"no {toolchain or ''} migrations found".replace("  ", " "),
            str(root),
            f"give a path that holds one of: {looked_for}",
        )
    return tuple(projects)


def _modules() -> Iterator[ModuleType]:
    """Yield the modules that are toolchains, those that fall back last."""
    found = [
        importlib.import_module(f"{__name__}.{item.name}")
        for item in pkgutil.iter_modules(__path__)
    ]
    yield from sorted((module for module in found if hasattr(module, "detect")), key=_falls_back)


def _falls_back(module: ModuleType) -> bool:
    return bool(getattr(module, "FALLBACK", False))


def _in(module: ModuleType, root: Path) -> tuple[Project, ...]:
    """The projects of one toolchain; a single file is asked for in plain SQL alone."""
    if root.is_file() and not _falls_back(module):
        return ()
    if hasattr(module, "detect_all"):
        several: tuple[Project, ...] = module.detect_all(root)
        return several
    one: Project | None = module.detect(root)
    return (one,) if one else ()
