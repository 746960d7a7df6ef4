"""Flyway migrations that are programs: which there are, and where they stand among the scripts.

A class that extends BaseJavaMigration has its version in its name; one that implements
JavaMigration states it ("Java-based migrations", Flyway's manual).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.toolchains.flyway.config import FlywayConfig
from dbspecialist.toolchains.flyway.names import ScriptName, version_of
from dbspecialist.toolchains.walk import folders

LANGUAGES = {".java": "Java", ".kt": "Kotlin", ".groovy": "Groovy", ".scala": "Scala"}

#: One underscore is enough where the class states its version by itself.
_NAME = re.compile(r"(?:(?P<kind>V)(?P<version>\d+(?:_\d+)*)|R)__?(?P<title>[A-Za-z]\w*)")
_STATED = re.compile(r"MigrationVersion\s*\.\s*fromVersion\(\s*\"([\d._]+)\"")
_ALONE = re.compile(r"canExecuteInTransaction\s*\([^)]*\)[^{=]*[{=]\s*(?:return\s+)?false")


@dataclass(frozen=True, slots=True)
class Program:
    """A migration that is a program.

    Args:
        name: Its name in its parts.
        path: Its file.
        transactional: Whether Flyway wraps it in a transaction.
    """

    name: ScriptName
    path: Path
    transactional: bool

    @property
    def not_run(self) -> str:
        """Why it is not run."""
        return f"it is a {LANGUAGES[self.path.suffix]} program, which is not run here"


def read_programs(config: FlywayConfig, root: Path) -> tuple[Program, ...]:
    """Find the programs of the build module that a configuration's scripts are of."""
    modules = {_module(item) for item in config.locations}
    found = [
        program
        for folder in folders(root, deepest=12)
        if "test" not in folder.relative_to(root).parts and _module(folder) in modules
        for path in sorted(folder.iterdir())
        for program in _read(path)
    ]
    return tuple(sorted(found, key=lambda item: (item.name.version, item.name.title)))


def _module(folder: Path) -> Path:
    """The folder that holds a module's `src`; else the folder itself."""
    parts = folder.resolve().parts
    return Path(*parts[: parts.index("src")]) if "src" in parts else folder.resolve()


def _read(path: Path) -> Iterator[Program]:
    named = _NAME.fullmatch(path.stem) if path.suffix in LANGUAGES else None
    if named is None:
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    if "JavaMigration" not in text:
        return
    stated = _STATED.search(text)
    version = stated[1] if stated else named["version"] or ""
    version = version.replace("_", ".")
    title = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", named["title"])
    name = ScriptName(named["kind"] or "R", version_of(version), version, title)
    yield Program(name, path, transactional=_ALONE.search(text) is None)
