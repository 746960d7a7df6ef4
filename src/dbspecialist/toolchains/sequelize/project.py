"""A repository's Sequelize history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Runner, Target
from dbspecialist.toolchains.node.packages import (
    SCRIPTS,
    NodePackage,
    find_packages,
    for_postgresql,
    walk,
)

#: Where the migrations are, as .sequelizerc says it: `path.resolve('db', 'migrations')`.
_FOLDER = re.compile(
    r"['\"]?migrations-path['\"]?\s*:\s*(?:path\.\w+)?\s*(?P<parts>\([^)]*\)|['\"][^'\"]+)"
)
_QUOTED = re.compile(r"['\"]([^'\"]+)['\"]?")
_TABLE = re.compile(r"['\"]?(?:migrationStorageTableName|tableName)['\"]?\s*:\s*['\"]([\w$]+)['\"]")
_UP = re.compile(r"\bup\s*[(:=]|\bfunction\s+up\b")
_DOWN = re.compile(r"\bdown\s*[(:=]|\bfunction\s+down\b")
#: A way back with nothing in it: `down() {}`, `down: async () => {}`, comments or not.
_EMPTY = re.compile(
    r"\bdown\b[^{}]*?(?:\([^()]*\)\s*(?::[^{=]+)?|=>\s*)(?:=>\s*)?"
    r"\{(?:\s|//[^\n]*|/\*.*?\*/)*\}",
    re.S,
)
_SEQUELIZE = re.compile(r"queryInterface|sequelize|QueryInterface|context", re.I)

#: The package of Sequelize 7.
CORE = "@sequelize/core"

_TITLE = re.compile(r"^[\d_.-]+")


@dataclass(frozen=True)
class SequelizeProject:
    """The migration files of one package.

    Args:
        root: The repository's root, which paths are relative to.
        package: The package that depends on Sequelize.
        files: In running order: by name, as sequelize-cli and umzug order them.
        table: The version table's name.
    """

    root: Path
    package: NodePackage
    files: tuple[Path, ...]
    table: str = "SequelizeMeta"
    name: str = "sequelize"

    @property
    def notes(self) -> tuple[str, ...]:
        """Why nothing can be run, where the project's packages are not installed."""
        missing = self.package.missing(*self.needs)
        if not missing:
            return ()
        absent = " and ".join(missing)
        return (f"{absent} not installed for {self.package.told(self.root)} (npm install)",)

    @property
    def needs(self) -> tuple[str, str]:
        """The packages that run the migrations: those of Sequelize 7, or of 6 and before."""
        if CORE in self.package.dependencies:
            return CORE, "@sequelize/postgres"
        return "sequelize", "pg"

    def read_again(self) -> SequelizeProject:
        """Return the project with the files that its folder holds now."""
        files = for_postgresql(sorted(self.files[0].parent.iterdir()), self.package.folder)
        return replace(self, files=tuple(sorted(filter(_is_migration, files), key=_by_name)))

    def history(self) -> tuple[Migration, ...]:
        """All migrations in running order; none is wrapped in a transaction by the runner."""
        found: list[Migration] = []
        for path in self.files:
            parents = (found[-1].revision,) if found else ()
            found.append(self._migration(path, parents))
        return tuple(found)

    def _migration(self, path: Path, parents: tuple[str, ...]) -> Migration:
        text = path.read_text(encoding="utf-8", errors="replace")
        return Migration(
            revision=path.name,
            path=path.relative_to(self.root).as_posix(),
            toolchain=self.name,
            parents=parents,
            title=re.sub(r"[-_]+", " ", _TITLE.sub("", path.stem)).strip(),
            transactional=False,
            reversible=bool(_DOWN.search(text)) and not _EMPTY.search(text),
        )

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """Those that the version table names, with the file's suffix or without."""
        names = {
            Path(name).stem
            for relation, rows in revisions.items()
            if relation.rpartition(".")[2].strip('"') == self.table
            for name in rows
        }
        return tuple(item for item in self.history() if Path(item.revision).stem in names)

    def runner(self, target: Target) -> AbstractContextManager[Runner]:
        """Open a runner: the project's own Sequelize."""
        from dbspecialist.toolchains.sequelize.runner import open_runner

        return open_runner(self, target)


def detect(root: Path) -> SequelizeProject | None:
    """Find the outermost package that depends on Sequelize and has migrations."""
    root = root.resolve()
    for package in (*find_packages(root, "sequelize"), *find_packages(root, CORE)):
        files = [path for path in _candidates(package) if _is_migration(path)]
        files = for_postgresql(files, package.folder)
        if files:
            folder = min((path.parent for path in files), key=lambda item: len(item.parts))
            chosen = sorted((path for path in files if path.parent == folder), key=_by_name)
            return SequelizeProject(root, package, tuple(chosen), _table(package))
    return None


def _by_name(path: Path) -> str:
    return path.name


def _candidates(package: NodePackage) -> Iterator[Path]:
    """Yield the files of the stated folder, else those of every folder named `migrations`."""
    stated = package.folder / ".sequelizerc"
    found = _FOLDER.search(stated.read_text(encoding="utf-8")) if stated.is_file() else None
    if found:
        parts = _QUOTED.findall(found.group("parts"))
        folder = (package.folder / Path(*parts)).resolve() if parts else package.folder
        yield from sorted(folder.glob("*")) if folder.is_relative_to(package.folder) else ()
        return
    for path in walk(package.folder):
        if "migrations" in path.parent.relative_to(package.folder).parts:
            yield path


def _is_migration(path: Path) -> bool:
    if path.suffix not in SCRIPTS or path.name.endswith(".d.ts") or not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    own = bool(_UP.search(text)) and bool(_SEQUELIZE.search(text))
    return own and "MigrationInterface" not in text


def _table(package: NodePackage) -> str:
    """Read the version table's name from the configuration of sequelize-cli or umzug."""
    for path in walk(package.folder, depth=4):
        if path.suffix in {*SCRIPTS, ".json"} and path.stem in {"config", "database", "umzug"}:
            found = _TABLE.search(path.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found.group(1)
    return "SequelizeMeta"
