"""An Alembic project: its history, and a runner that uses the project's own env.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.alembic.config import AlembicConfig, EnvFacts, read_env
from dbspecialist.toolchains.alembic.history import History, read_history
from dbspecialist.toolchains.alembic.interpreter import interpreters
from dbspecialist.toolchains.alembic.process import DriverProcess, UnusableError
from dbspecialist.toolchains.alembic.revision_file import Back, Revision, Unclear
from dbspecialist.toolchains.alembic.runner import AlembicRunner
from dbspecialist.toolchains.base import MigrationFailed, Target
from dbspecialist.toolchains.walk import relative


@dataclass(frozen=True)
class AlembicProject:
    """One section of an Alembic configuration.

    Args:
        root: The repository's root.
        config: The section.
        python: The interpreter to use; nothing to look for the project's own.
        name: `alembic`.
        log: What runners found out, one sentence each.
        origin: The folder that this one is a copy of, and the copy: nothing is imported from there.
    """

    root: Path
    config: AlembicConfig
    python: Path | None = None
    name: str = "alembic"
    log: list[str] = field(default_factory=list, compare=False, repr=False)
    origin: tuple[Path, Path] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Several heads, files and folders that do not count, and what a runner found out."""
        several = len(self.heads) > 1
        heads = f"there are {len(self.heads)} heads: {', '.join(self.heads)}"
        absent = tuple(
            f"folder {relative(item, self.root)} of version_locations is not there"
            for item in self.config.versions
            if not item.is_dir()
        )
        known = ((heads,) if several else (), absent, self.revisions.left_out, self.log)
        return tuple(dict.fromkeys(note for notes in known for note in notes))

    @property
    def folder(self) -> Path:
        """The folder of env.py."""
        return self.config.scripts

    @cached_property
    def revisions(self) -> History:
        """The history as the files tell it, or where they do not, as Alembic does."""
        return read_history(self.config, self._asked)

    def _asked(self, unclear: Sequence[Unclear]) -> tuple[Revision | str, ...]:
        """Have the project's interpreter import files whose text does not tell their revision.

        Raises:
            InputError: When none can, or a file that computes its revision does not import.
        """
        nowhere = Target("postgresql://nobody@/nobody?host=/nowhere", lambda _: None)
        files = [str(item.path.resolve()) for item in unclear]
        try:
            with self._driver(nowhere, self._settings(History({}, {}))) as driver:
                answers = driver.call({"command": "read", "files": files})["files"]
        except (InputError, MigrationFailed) as error:
            first = unclear[0]
            place = f"{relative(first.path, self.root)}:{first.line}"
            todo = "write its identifiers as literals, or install the project's packages"
            raise InputError(
                f"{first.what}, and it was not imported: {error}", place, todo
            ) from error
        return tuple(
            _told(item, found, self.root) for item, found in zip(unclear, answers, strict=True)
        )

    @cached_property
    def env(self) -> EnvFacts:
        """What env.py says in literals."""
        return read_env(self.config.scripts)

    @property
    def heads(self) -> tuple[str, ...]:
        """Revisions that no other follows."""
        return self.revisions.heads

    @property
    def version_table(self) -> str:
        """The version table, schema-qualified where env.py names a schema."""
        schema = self.env.version_table_schema
        return f"{schema}.{self.env.version_table}" if schema else self.env.version_table

    def history(self) -> tuple[Migration, ...]:
        """All revisions, parents first."""
        return tuple(self._migration(item) for item in self.revisions.revisions.values())

    def _migration(self, item: Revision) -> Migration:
        return Migration(
            revision=item.revision,
            path=relative(item.path, self.root),
            toolchain=self.name,
            parents=self.revisions.parents[item.revision],
            title=item.title,
            transactional=self.env.transactional,
            reversible=item.back in {"body", "empty"},
        )

    def back(self, migration: Migration) -> Back:
        """What the migration's downgrade function is."""
        return self.revisions.revisions[migration.revision].back

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """The revisions in the version table and all before them.

        Raises:
            InputError: When a revision in the version table is in no file.
        """
        known = self.revisions.revisions.keys()
        tables = [
            set(rows)
            for table, rows in revisions.items()
            if self.version_table in {table, table.rpartition(".")[2]}
        ]
        # Another schema's table of that name may be another project's.
        ours = [rows for rows in tables if rows <= known]
        if tables and not ours:
            row = min(set.union(*tables) - known)
            raise InputError(
                f"the database stands at revision {row}, which is in no file",
                relative(self.config.file, self.root),
                "restore its file or take the snapshot again",
            )
        rows = {row for found in ours for row in found}
        done = self.revisions.ancestors(rows)
        return tuple(item for item in self.history() if item.revision in done)

    @contextmanager
    def runner(self, target: Target) -> Iterator[AlembicRunner]:
        """Open a runner on a target."""
        with self._driver(target, self._settings(self.revisions)) as driver:
            try:
                yield AlembicRunner(driver, self.back)
            finally:
                self.log.extend(note for note in driver.notes if note not in self.log)

    def _driver(self, target: Target, settings: dict[str, Any]) -> DriverProcess:
        """Start the driver with the first interpreter that can run it.

        Raises:
            InputError: When none can.
        """
        refused: list[str] = []
        for python in interpreters(self.config.folder, self.root, self.python):
            try:
                driver = DriverProcess(python, self.config.folder, settings, target)
            except UnusableError as error:
                refused.append(str(error))
            else:
                driver.notes[:0] = [f"not used: {reason}" for reason in refused]
                return driver
        raise InputError(
            f"Alembic cannot be run: {'; '.join(refused)}",
            relative(self.config.file, self.root),
            "install the project's packages, or dbspecialist[alembic]",
        )

    def _settings(self, history: History) -> dict[str, Any]:
        """What driver.py is told."""
        env = self.env
        environment: dict[str, Any] = {"version_table": env.version_table}
        environment["transaction_per_migration"] = env.transaction_per_migration
        if env.version_table_schema:
            environment["version_table_schema"] = env.version_table_schema
        return {
            "file": str(self.config.file.resolve()),
            "toml": self.config.toml,
            "section": self.config.section,
            "scripts": str(self.config.scripts.resolve()),
            "environment": environment,
            "origin": [str(path) for path in self.origin or ()],
            "parents": {name: list(above) for name, above in history.parents.items()},
            "files": {
                str(item.path.resolve()): _stub_facts(item) for item in history.revisions.values()
            },
        }


def _told(item: Unclear, answer: dict[str, Any], root: Path) -> Revision | str:
    if answer["failed"]:
        place = f"{relative(item.path, root)}:{item.line}"
        todo = "write its identifiers as literals, or install the project's packages"
        raise InputError(f"{item.what}, and it does not import: {answer['failed']}", place, todo)
    if answer["revision"] is None:
        return "it names no revision"
    return Revision(
        revision=answer["revision"],
        path=item.path,
        down=tuple(answer["down_revision"]),
        depends_on=tuple(answer["depends_on"]),
        labels=tuple(answer["branch_labels"]),
        title=answer["title"],
        back=item.back if answer["downgrade"] else "missing",
    )


def _stub_facts(item: Revision) -> dict[str, Any]:
    return {
        "revision": item.revision,
        "path": str(item.path),
        "title": item.title,
        "down_revision": item.down,
        "depends_on": item.depends_on,
        "branch_labels": item.labels,
    }
