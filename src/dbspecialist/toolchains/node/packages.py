"""The packages of a repository, and the Node.js that runs them."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Folders that hold no source of the project's own.
SKIPPED = frozenset(
    {"node_modules", "dist", "build", "out", "coverage", ".git", ".next", ".venv", "venv"}
)
DEPTH = 12
SCRIPTS = frozenset({".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"})

_OTHERS = re.compile(
    r"^(mysql|mariadb|sqlite3?|better-sqlite3?|mssql|sqlserver|oracle|cockroach(db)?|mongo(db)?|"
    r"sqljs|spanner|sap|clickhouse)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class NodePackage:
    """A folder with a package.json.

    Args:
        folder: Absolute.
        dependencies: Names of all kinds of dependencies.
        scripts: The package's `scripts`, by name.
    """

    folder: Path
    dependencies: frozenset[str]
    scripts: dict[str, str]

    def installed(self, name: str) -> Path | None:
        """Return the folder of an installed package as Node resolves it, or nothing."""
        for folder in (self.folder, *self.folder.parents):
            found = folder / "node_modules" / name
            if (found / "package.json").is_file():
                return found
        return None

    def missing(self, *names: str) -> tuple[str, ...]:
        """Return those of the packages that are not installed."""
        return tuple(name for name in names if self.installed(name) is None)

    def told(self, root: Path) -> str:
        """Return the package.json as reports print it: from the repository's root."""
        return (self.folder / "package.json").relative_to(root).as_posix()


def walk(root: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Yield the files below a folder, sorted, without dependencies and built output."""
    for here, folders, files in os.walk(root):
        at = Path(here)
        level = len(at.relative_to(root).parts)
        folders[:] = sorted(name for name in folders if name not in SKIPPED and level < depth)
        yield from (at / name for name in sorted(files))


def find_packages(root: Path, dependency: str) -> Iterator[NodePackage]:
    """Yield the packages below a folder that depend on a package, outermost first."""
    found = [path for path in walk(root) if path.name == "package.json"]
    for path in sorted(found, key=lambda path: (len(path.parts), path)):
        package = _read(path)
        if package is not None and dependency in package.dependencies:
            yield package


def _read(path: Path) -> NodePackage | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (json.JSONDecodeError, OSError):
        return None  # a template or a fixture; npm would not read it either
    if not isinstance(data, dict):
        return None
    kinds = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
    names = [name for kind in kinds for name in (data.get(kind) or {})]
    scripts = {key: str(value) for key, value in (data.get("scripts") or {}).items()}
    return NodePackage(path.parent, frozenset(names), scripts)


def for_postgresql(paths: list[Path], root: Path) -> list[Path]:
    """Leave out what lies in a folder named after another database system."""
    return [
        path
        for path in paths
        if not any(_OTHERS.match(part) for part in path.relative_to(root).parts[:-1])
    ]


def find_node() -> str | None:
    """Return the `node` on PATH, or nothing."""
    return shutil.which("node")


@functools.cache
def node_version(program: str) -> str:
    """Return a Node.js' version ("20.20.2")."""
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return run.stdout.strip().removeprefix("v")


def package_version(folder: Path) -> str:
    """Return the version of an installed package, or "" where it has none."""
    data = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    return str(data.get("version", ""))
