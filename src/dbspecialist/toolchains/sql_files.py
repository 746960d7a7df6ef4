"""Plain SQL files: one file or a folder of them, run as psql runs them.

Files of golang-migrate, dbmate, goose, sqlx and diesel are recognised by their names and marks
and get the transactions of those tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import UNREADABLE, Migration
from dbspecialist.toolchains.base import MigrationFailed, Target
from dbspecialist.toolchains.sending import Sender
from dbspecialist.toolchains.sql_formats import Section, read_sections
from dbspecialist.toolchains.walk import folders, natural, relative

#: Asked last: a folder that another toolchain knows is that toolchain's.
FALLBACK = True

LOOKS_FOR = "*.sql files, or a folder `migrations` of them"

_DOWN_NAME = re.compile(r"[._-](down|rollback|undo|revert)\.sql$|^U[\d._]+__.*\.sql$", re.I)
_UP_NAME = re.compile(r"([._-]up)?\.sql$", re.I)
_BACK_FOLDERS = ("down", "rollback", "undo", "revert")
_FOLDER_NAMES = frozenset({"migrations", "migration", "migrate"})
#: diesel writes a version with hyphens into the folder's name and without them into its table.
_NUMBER = re.compile(r"^[Vv]?(\d[\d-]*)")

#: Version tables of the tools whose files are read here.
_VERSION_TABLES = frozenset(
    {"schema_migrations", "goose_db_version", "_sqlx_migrations", "__diesel_schema_migrations"}
)


@dataclass(frozen=True, slots=True)
class _File:
    revision: str
    up: Path
    down: Path | None


@dataclass(frozen=True)
class SqlFiles:
    """A file or folder of SQL.

    Args:
        root: The repository's root.
        folder: The folder, or the one file.
        single_transaction: Whether a file is one transaction (`psql --single-transaction`).
        notes: What was passed over, one sentence each.
        dialect: The engine whose client splits the files.
    """

    root: Path
    folder: Path
    single_transaction: bool = False
    notes: tuple[str, ...] = ()
    name: str = "sql"
    dialect: str = "postgresql"

    @cached_property
    def _files(self) -> dict[str, _File]:
        found = _single(self.folder) if self.folder.is_file() else _in_folder(self.folder)
        return {item.revision: item for item in found}

    def history(self) -> tuple[Migration, ...]:
        """All files, sorted by name with numbers as numbers."""
        revisions = list(self._files)
        parents = [(), *((item,) for item in revisions[:-1])]
        return tuple(
            self._migration(self._files[revision], before)
            for revision, before in zip(revisions, parents, strict=True)
        )

    def _migration(self, file: _File, parents: tuple[str, ...]) -> Migration:
        try:
            up, down = self.sections(file.revision)
        except InputError:
            if len(self._files) == 1:
                raise
            # One of several: those before it are tried, and the runner says why it is not.
            up, down = Section((), "each"), None
        return Migration(
            revision=file.revision,
            path=relative(file.up, self.root),
            toolchain=self.name,
            parents=parents,
            title=re.sub(r"^[Vv]?[\d._-]+", "", file.revision).replace("_", " ").strip(),
            transactional=up.wraps,
            asks=up.asks is not None,
            reversible=down is not None and bool(down.statements),
        )

    def pair(self, revision: str) -> tuple[Path, Path | None]:
        """The file of the way up, and that of the way back where it has one of its own."""
        file = self._files[revision]
        return file.up, file.down

    def sections(self, revision: str) -> tuple[Section, Section | None]:
        """The way up and the way back of one file."""
        file = self._files[revision]
        up, down = read_sections(file.up, file.down, self.dialect)
        if self.single_transaction:
            up = replace(up, wrapping="transaction")
        return up, down

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """Those whose number stands in a version table of the tools named above."""
        numbers: set[int] = set()
        for table, rows in revisions.items():
            if table.rpartition(".")[2].strip('"') in _VERSION_TABLES:
                numbers.update(int(row) for row in rows if row.isdigit())
        history = self.history()
        # golang-migrate keeps the current version alone: what is below it has run.
        if len(numbers) == 1 and any(item.path.endswith(".up.sql") for item in history):
            return tuple(item for item in history if _number(item.revision) <= max(numbers))
        return tuple(item for item in history if _number(item.revision) in numbers)

    @contextmanager
    def runner(self, target: Target) -> Iterator[SqlFilesRunner]:
        """Open a runner on a target."""
        with Sender(target) as sender:
            yield SqlFilesRunner(self, sender)


class SqlFilesRunner:
    """Sends files in a session each, as `psql -f` does."""

    def __init__(self, project: SqlFiles, sender: Sender) -> None:
        self._project, self._sender = project, sender

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Send the files of the way up."""
        for migration in migrations:
            try:
                up = self._project.sections(migration.revision)[0]
            except InputError as error:
                reason = f"{UNREADABLE}: {error}"
                raise MigrationFailed(migration.revision, reason, unchecked=True) from error
            self._send(migration, up, "up")

    def downgrade(self, migration: Migration) -> None:
        """Send the file of the way back."""
        down = self._project.sections(migration.revision)[1]
        if down is None or not down.statements:
            raise MigrationFailed(
                migration.revision, "there is no file or section for the way back"
            )
        self._send(migration, down, "down")

    def _send(self, migration: Migration, section: Section, direction: str) -> None:
        if section.asks is not None:
            script, wrapping = section.asks, section.wrapping
            self._sender.run_script(migration.revision, script, wrapping, direction)
        else:
            self._sender.run(migration.revision, section.statements, section.wrapping, direction)
        self._sender.renew()


def detect(root: Path) -> SqlFiles | None:
    """Find a file or folder of SQL: the path itself, or the first folder named for migrations."""
    return next(iter(detect_all(root)), None)


def detect_all(root: Path) -> tuple[SqlFiles, ...]:
    """Find every folder of SQL migrations below a path, or the path itself where it is one.

    A path whose files have no numbers (schema.sql) is none where folders below are named for
    migrations.
    """
    if root.is_file():
        return (SqlFiles(root.parent, root),) if root.suffix.lower() == ".sql" else ()
    own = _in_folder(root)
    if any(_number(item.revision) >= 0 for item in own):
        return (SqlFiles(root, root),)
    places = (item for item in folders(root) if item.name.lower() in _FOLDER_NAMES)
    found = tuple(SqlFiles(root, item) for item in places if _in_folder(item))
    return found or ((SqlFiles(root, root),) if own else ())


def _number(revision: str) -> int:
    found = _NUMBER.match(revision)
    return int(found[1].replace("-", "")) if found else -1


def _single(path: Path) -> list[_File]:
    if not path.is_file():
        raise InputError("the file is not there", str(path), "check the path")
    return [_File(path.stem, path, None)]


def _in_folder(folder: Path) -> list[_File]:
    """Pair the files of a folder: ways up with their ways back."""
    nested = [item for item in folder.iterdir() if (item / "up.sql").is_file()]
    if nested:
        return [
            _File(
                item.name, item / "up.sql", down if (down := item / "down.sql").is_file() else None
            )
            for item in sorted(nested, key=lambda item: natural(item.name))
        ]
    files = [item for item in folder.iterdir() if item.suffix.lower() == ".sql" and item.is_file()]
    ups = sorted(
        (item for item in files if not _DOWN_NAME.search(item.name)),
        key=lambda item: natural(item.name),
    )
    return [_File(_UP_NAME.sub("", item.name), item, _back(item)) for item in ups]


def _back(up: Path) -> Path | None:
    """The file of a file's way back, by the names that are in use."""
    base = _UP_NAME.sub("", up.name)
    names = [f"{base}{mark}{word}.sql" for word in _BACK_FOLDERS for mark in "._-"]
    if up.name.startswith("V"):
        names.append("U" + up.name[1:])
    choices = [up.with_name(name) for name in names]
    choices += [up.parent / word / up.name for word in _BACK_FOLDERS]
    return next((item for item in choices if item.is_file()), None)
