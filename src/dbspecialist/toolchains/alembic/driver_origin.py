"""Keeps a copy of a project from importing what it is a copy of.

An environment names the project's folder where the project is installed in it for development
(`.pth` files, editable finders).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def lead_away(settings: dict[str, Any]) -> None:
    """Have imports look into the copy where they would look into the original."""
    if settings.get("origin"):
        origin, copy = settings["origin"]
        sys.path[:] = [_moved(path, origin, copy) for path in sys.path]


def refuse_strays(settings: dict[str, Any]) -> None:
    """Refuse what was imported from the original all the same, environments apart.

    Raises:
        ValueError: With the first module.
    """
    if not settings.get("origin"):
        return
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if _is_below(os.path.realpath(file), settings["origin"][0]) and not _is_installed(file):
            raise ValueError(f"module {name} is imported from the working tree, {file}")


def _moved(path: str, origin: str, copy: str) -> str:
    # Not resolved: an environment may be a link out of the copy.
    if _is_below(path, origin) and not _is_installed(path):
        return str(Path(copy, Path(path).relative_to(origin)))
    return path


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_installed(path: str) -> bool:
    return bool({"site-packages", "dist-packages"} & set(Path(path).parts))
