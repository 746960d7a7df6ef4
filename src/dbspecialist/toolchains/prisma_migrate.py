"""Prisma Migrate: folders with a migration.sql each, sent as Prisma's schema engine sends them.

Until 7.3 the engine sends a file as one message of the simple query protocol, which the server
runs in an implicit transaction block; see `Wrapping` in sending.py for why sending the
statements one by one between BEGIN and COMMIT is the same. From 7.4 on it sends every statement
by itself where its SQL parser reads the whole file, and the file as one message otherwise
(prisma-engines, pull requests 5767 and 5847).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import MigrationFailed, Target
from dbspecialist.toolchains.dialects import POSTGRESQL, read_dialect
from dbspecialist.toolchains.sending import Sender, Wrapping
from dbspecialist.toolchains.sql_formats import Section
from dbspecialist.toolchains.walk import folders, relative

LOOKS_FOR = "prisma/migrations/*/migration.sql"

_SPLITS_SINCE = (7, 4)
_PROVIDER = re.compile(r"^\s*provider\s*=\s*\"(\w+)\"", re.MULTILINE)
#: What the engine's SQL parser is known not to read (pull request 5847).
_UNREAD = re.compile(r"\s*drop\s+index\s+concurrently\b", re.IGNORECASE)
_TABLE = "_prisma_migrations"
#: What Prisma calls the engines.
_PROVIDERS = {
    POSTGRESQL: ({"postgresql", "postgres"}, "PostgreSQL"),
    "sqlite": ({"sqlite"}, "SQLite"),
}


@dataclass(frozen=True)
class PrismaProject:
    """The migrations of one Prisma schema.

    Args:
        root: The repository's root.
        folder: The folder `migrations`.
        name: `prisma`.
        dialect: The engine that the migrations are for.
    """

    root: Path
    folder: Path
    name: str = "prisma"
    dialect: str = POSTGRESQL

    @cached_property
    def version(self) -> tuple[int, int] | None:
        """Prisma's version as installed, or as package.json asks for it; nothing if unknown."""
        for place in (self.folder, *self.folder.parents):
            if place.is_relative_to(self.root):
                found = _installed(place) or _asked(place)
                if found is not None:
                    return found
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """How statements are sent, where that depends on what is not known here."""
        if self.version is None:
            return ("Prisma's version is not known; files run as Prisma 7.3 and earlier do",)
        if self.version >= _SPLITS_SINCE:
            return (
                f"Prisma {self.version[0]}.{self.version[1]} sends statements one by one, without"
                " a transaction, unless its SQL parser cannot read the file",
            )
        return ()

    @cached_property
    def _files(self) -> dict[str, Path]:
        found = (item / "migration.sql" for item in self.folder.iterdir())
        # Prisma sorts by the folder's name, byte by byte.
        return {path.parent.name: path for path in sorted(found) if path.is_file()}

    def _check_provider(self) -> None:
        lock = self.folder / "migration_lock.toml"
        provider = _PROVIDER.search(script_text(lock)) if lock.is_file() else None
        wanted, engine = _PROVIDERS.get(self.dialect, ({"mysql"}, "MySQL"))
        if provider and provider[1] not in wanted:
            raise InputError(
                f"the migrations are for {provider[1]}, not for {engine}",
                relative(lock, self.root),
                "give another folder, or the engine with --engine",
            )

    def history(self) -> tuple[Migration, ...]:
        """All migrations by name.

        Raises:
            InputError: When they are for another database or a file does not split.
        """
        self._check_provider()
        found: list[Migration] = []
        for name, path in self._files.items():
            statements, wrapping = self.script(name)
            found.append(
                Migration(
                    revision=name,
                    path=relative(path, self.root),
                    toolchain=self.name,
                    parents=(found[-1].revision,) if found else (),
                    title=re.sub(r"^\d+_?", "", name).replace("_", " "),
                    transactional=wrapping == "implicit" and len(statements) > 1,
                    reversible=(path.parent / "down.sql").is_file(),
                )
            )
        return tuple(found)

    def script(self, revision: str) -> tuple[tuple[ScriptStatement, ...], Wrapping]:
        """A migration's statements, and how Prisma wraps them."""
        path = self._files[revision]
        statements = read_dialect(script_text(path), path, self.dialect).statements
        splits = self.version is not None and self.version >= _SPLITS_SINCE
        unread = any(_UNREAD.match(item.sql) for item in statements)
        return statements, "each" if splits and not unread else "implicit"

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """Those that `_prisma_migrations` shows as finished and not rolled back."""
        names = {
            row
            for table, rows in revisions.items()
            if table.rpartition(".")[2].strip('"') == _TABLE
            for row in rows
        }
        return tuple(item for item in self.history() if item.revision in names)

    def changed(self, checksums: Mapping[str, Mapping[str, str]]) -> tuple[Migration, ...]:
        """Applied migrations whose file has another SHA-256 now."""
        then = {
            name: number
            for table, numbers in checksums.items()
            if table.rpartition(".")[2].strip('"') == _TABLE
            for name, number in numbers.items()
        }
        return tuple(
            item
            for item in self.history()
            if item.revision in then and then[item.revision] not in self._checksums(item.revision)
        )

    def outdated(self, checksums: Mapping[str, Mapping[str, str]]) -> tuple[Migration, ...]:
        """Nothing: Prisma has no migrations that run again."""
        del checksums
        return ()

    def _checksums(self, revision: str) -> set[str]:
        """The file's SHA-256, also with the other line ends, which Prisma lets pass."""
        unix = self._files[revision].read_bytes().replace(b"\r\n", b"\n")
        return {hashlib.sha256(text).hexdigest() for text in (unix, unix.replace(b"\n", b"\r\n"))}

    def sections(self, revision: str) -> tuple[Section, Section | None]:
        """The way up of a migration, and its down.sql where it has one."""
        up, down = Section(*self.script(revision)), self._files[revision].with_name("down.sql")
        if not down.is_file():
            return up, None
        script = read_dialect(script_text(down), down, self.dialect)
        return up, Section(script.statements, "implicit")

    @contextmanager
    def runner(self, target: Target) -> Iterator[PrismaRunner]:
        """Open a runner on a target."""
        with Sender(target) as sender:
            yield PrismaRunner(self, sender)


class PrismaRunner:
    """Sends migrations over one connection, as `prisma migrate deploy` does."""

    def __init__(self, project: PrismaProject, sender: Sender) -> None:
        self._project, self._sender = project, sender

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Send the migrations' files."""
        for migration in migrations:
            statements, wrapping = self._project.script(migration.revision)
            self._sender.run(migration.revision, statements, wrapping)

    def downgrade(self, migration: Migration) -> None:
        """Send down.sql, which Prisma's manual has people keep beside migration.sql."""
        path = self._project.root / migration.path
        down = path.with_name("down.sql")
        if not down.is_file():
            raise MigrationFailed(migration.revision, "Prisma Migrate has no way back")
        statements = read_dialect(script_text(down), down).statements
        self._sender.run(migration.revision, statements, "implicit", "down")


def detect(root: Path) -> PrismaProject | None:
    """Find the first Prisma project in a folder or below."""
    return next(iter(detect_all(root)), None)


def detect_all(root: Path) -> tuple[PrismaProject, ...]:
    """Find every folder `migrations` of Prisma in a folder or below."""
    return tuple(
        PrismaProject(root, folder)
        for folder in folders(root)
        if (folder / "migration_lock.toml").is_file()
        or (folder.name == "migrations" and next(folder.glob("*/migration.sql"), None))
    )


def _installed(place: Path) -> tuple[int, int] | None:
    for package in ("prisma", "@prisma/client"):
        file = place / "node_modules" / package / "package.json"
        if file.is_file():
            return _numbers(str(_json(file).get("version", "")))
    return None


def _asked(place: Path) -> tuple[int, int] | None:
    """The version that package.json asks for; the lower end of a range."""
    file = place / "package.json"
    if not file.is_file():
        return None
    package = _json(file)
    for kind in ("devDependencies", "dependencies"):
        for name in ("prisma", "@prisma/client"):
            asked = package.get(kind, {}).get(name)
            if isinstance(asked, str):
                return _numbers(asked)
    return None


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(script_text(file))
    except json.JSONDecodeError as error:
        raise InputError(f"it is not JSON: {error}", str(file), "mend it") from error
    return found if isinstance(found, dict) else {}


def _numbers(text: str) -> tuple[int, int] | None:
    found = re.search(r"(\d+)\.(\d+)", text) or re.search(r"(\d+)()", text)
    return (int(found[1]), int(found[2] or 0)) if found else None
