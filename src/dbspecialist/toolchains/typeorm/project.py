"""A repository's TypeORM history."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
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
from dbspecialist.toolchains.typeorm.classes import MigrationClass, read_classes
from dbspecialist.toolchains.typeorm.settings import Mode, Settings, read_settings


@dataclass(frozen=True)
class TypeormProject:
    """The migration classes of one package.

    Args:
        root: The repository's root, which paths are relative to.
        package: The package that depends on TypeORM.
        classes: In running order: by the time stamp at the end of their names.
        settings: What its scripts and data sources state.
    """

    root: Path
    package: NodePackage
    classes: tuple[MigrationClass, ...]
    settings: Settings
    name: str = "typeorm"

    @cached_property
    def mode(self) -> Mode:
        """The transaction mode: as stated, else TypeORM's default of one for all.

        A migration with a `transaction` property of its own is refused by `all`, so that its
        project runs with `each` (ForbiddenTransactionModeOverrideError).
        """
        overridden = any(item.transaction is not None for item in self.classes)
        return self.settings.mode or ("each" if overridden else "all")

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done otherwise than by the project's own TypeORM."""
        missing = self.package.missing("typeorm", "pg")
        if not missing:
            return ()
        absent = " and ".join(missing)
        return (
            f"{absent} not installed for {self.package.told(self.root)}: migrations run through a "
            "query runner of dbspecialist, and what it lacks is unchecked (npm install)",
        )

    def read_again(self) -> TypeormProject:
        """Return the project with the classes that its folders hold now."""
        folders = dict.fromkeys(item.path.parent for item in self.classes)
        files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
        chosen = for_postgresql([path for path in files if path.suffix in SCRIPTS], self.root)
        found = [item for path in chosen for item in read_classes(path)]
        return replace(self, classes=tuple(sorted(found, key=lambda item: item.timestamp)))

    def history(self) -> tuple[Migration, ...]:
        """All migrations in running order."""
        found: list[Migration] = []
        for item in self.classes:
            parents = (found[-1].revision,) if found else ()
            found.append(self._migration(item, parents))
        return tuple(found)

    def _migration(self, item: MigrationClass, parents: tuple[str, ...]) -> Migration:
        own = item.transaction
        return Migration(
            revision=item.name,
            path=item.path.relative_to(self.root).as_posix(),
            toolchain=self.name,
            parents=parents,
            title=re.sub(r"\d{13}$", "", item.name),
            transactional=self.mode != "none" if own is None else own,
            reversible=item.reversible,
        )

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """Those whose name the version table holds."""
        names = {
            name
            for relation, rows in revisions.items()
            if relation.rpartition(".")[2].strip('"') == self.settings.table.rpartition(".")[2]
            for name in rows
        }
        return tuple(item for item in self.history() if item.revision in names)

    def runner(self, target: Target) -> AbstractContextManager[Runner]:
        """Open a runner: the project's own TypeORM, or ours where it is not installed."""
        from dbspecialist.toolchains.typeorm.runner import open_runner

        return open_runner(self, target)


def detect(root: Path) -> TypeormProject | None:
    """Find the outermost package that depends on TypeORM and has migration classes."""
    root = root.resolve()
    for package in find_packages(root, "typeorm"):
        files = [path for path in walk(package.folder) if path.suffix in SCRIPTS]
        classes = [
            item for path in for_postgresql(files, package.folder) for item in read_classes(path)
        ]
        if classes:
            classes.sort(key=lambda item: item.timestamp)
            return TypeormProject(root, package, tuple(classes), read_settings(package, files))
    return None
