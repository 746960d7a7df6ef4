"""Walking a repository: folders and files that can hold a toolchain's project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

#: Folders that hold other people's code, caches or builds.
SKIPPED = frozenset(
    {"node_modules", "site-packages", "venv", "env", "virtualenv", "vendor", "target", "build"}
    | {"dist", "out", "bin", "obj", "__pycache__", "bower_components", "third_party"}
)
DEEPEST = 6


def folders(root: Path, deepest: int = DEEPEST) -> Iterator[Path]:
    """Yield a folder and those below it, breadth first, without other people's code."""
    level = [root] if root.is_dir() else []
    for _ in range(deepest + 1):
        yield from level
        level = [child for parent in level for child in _children(parent)]


def _children(parent: Path) -> list[Path]:
    try:
        entries = sorted(parent.iterdir())
    except PermissionError:
        return []
    return [item for item in entries if _enters(item)]


def _enters(item: Path) -> bool:
    if item.name.startswith(".") or item.name in SKIPPED or item.is_symlink():
        return False
    # pyvenv.cfg marks a virtual environment, whatever its name (PEP 405).
    return item.is_dir() and not (item / "pyvenv.cfg").exists()


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which numbers in a name count as numbers (`2_b` before `10_a`)."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)


def relative(path: Path, root: Path) -> str:
    """A path as reports print it: from the repository's root, with slashes."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
