"""A Flyway project: its scripts in Flyway's order, and a runner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.toolchains.dialects import POSTGRESQL
from dbspecialist.toolchains.flyway.config import FlywayConfig, surroundings
from dbspecialist.toolchains.flyway.names import ScriptName
from dbspecialist.toolchains.flyway.notes import lock_missing, not_run
from dbspecialist.toolchains.flyway.scripts import (
    FlywayScript,
    checksum,
    read_flyway_script,
    replaced,
)
from dbspecialist.toolchains.sending import Sender, Wrapping
from dbspecialist.toolchains.sql_formats import Section
from dbspecialist.toolchains.walk import folders, relative

_BASELINE_ROW = "<< Flyway Baseline >>"
Named = dict[str, tuple[ScriptName, Path]]


@dataclass(frozen=True)
class FlywayProject:
    """The scripts of one configuration."""

    root: Path
    config: FlywayConfig
    name: str = "flyway"
    dialect: str = POSTGRESQL

    @cached_property
    def _found(self) -> tuple[tuple[ScriptName, Path], ...]:
        """All files with a script's name, in Flyway's order of versions and descriptions."""
        places = [folder for item in self.config.locations for folder in folders(item)]
        files = {path for folder in places for path in folder.iterdir() if path.is_file()}
        named = [(name, path) for path in files if (name := ScriptName.of(path)) is not None]
        return tuple(sorted(named, key=lambda item: (item[0].version, item[0].title, item[1])))

    @cached_property
    def scripts(self) -> Named:
        """Scripts of the way up by revision: the last baseline, what follows it, repeatables."""
        named = [(name, path) for name, path in self._found if path.suffix.lower() == ".sql"]
        baselines = [item for item in named if item[0].kind == "B"]
        start = baselines[-1:]
        versioned = [item for item in named if item[0].kind == "V"]
        if start:
            versioned = [item for item in versioned if item[0].version > start[0][0].version]
        again = [item for item in named if item[0].kind == "R"]
        found: Named = {}
        places: dict[object, Path] = {}
        for name, path in [*start, *versioned, *again]:
            identity = name.version or name.title
            if identity in places:
                other = relative(places[identity], self.root)
                raise InputError(
                    f"{other} has version {name.text or name.title} as well",
                    relative(path, self.root),
                    "give one of them another version",
                )
            found[name.revision], places[identity] = (name, path), path
        return found

    @cached_property
    def undo(self) -> dict[tuple[int, ...], Path]:
        """Undo scripts by version."""
        return {name.version: path for name, path in self._found if name.kind == "U"}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not run, and a setting that Flyway's manual asks for and that is missing."""
        told = not_run(self.config, self.root)
        if not self.config.transactional_lock:
            return told
        scripts = (self.script(revision) for revision in self.scripts)
        return (*told, *lock_missing(item for item in scripts if not item.transactional))

    def history(self) -> tuple[Migration, ...]:
        """All scripts: versioned ones by version, then repeatable ones by description."""
        found: list[Migration] = []
        for revision, (name, path) in self.scripts.items():
            found.append(
                Migration(
                    revision=revision,
                    path=relative(path, self.root),
                    toolchain=self.name,
                    parents=(found[-1].revision,) if found else (),
                    title=name.title,
                    transactional=self.script(revision).transactional,
                    reversible=name.version in self.undo if name.version else False,
                )
            )
        return tuple(found)

    def script(self, revision: str, values: Mapping[str, str] | None = None) -> FlywayScript:
        """A script of the way up."""
        return self._read(self.scripts[revision][1], values or self.values(None))

    def _read(self, path: Path, values: Mapping[str, str]) -> FlywayScript:
        return read_flyway_script(path, surroundings(self.config), values, self.dialect)

    def sections(self, revision: str) -> tuple[Section, Section | None]:
        """The way up of a script, and its undo script where it has one."""
        undo = self.undo.get(self.scripts[revision][0].version)
        down = self._read(undo, self.values(None)) if undo else None
        return _section(self.script(revision)), _section(down) if down else None

    def values(self, url: str | None) -> dict[str, str]:
        """The placeholders that Flyway defines itself."""
        place = conninfo_to_dict(url) if url else {}
        return {
            "flyway:defaultschema": self.config.schema or "public",
            "flyway:user": str(place.get("user") or "postgres"),
            "flyway:database": str(place.get("dbname") or "postgres"),
            "flyway:timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "flyway:workingdirectory": str(self.root),
            "flyway:table": self.config.table,
            "flyway:environment": "default",
        }

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """Those that the version table names, and those before its baseline."""
        rows = self._rows(revisions)
        names = {Path(row).name for row in rows}
        done = {key for key, (_, path) in self.scripts.items() if path.name in names}
        told = [name for row in rows if (name := ScriptName.of(Path(row))) and name.version]
        if told:
            least, last = min(item.version for item in told), max(item.version for item in told)
            # A baseline stands for all that precedes the first script that ran after it.
            based = _BASELINE_ROW in rows or any(item.kind == "B" for item in told)
            for key, (name, _) in self.scripts.items():
                before = based and name.version and name.version < least
                if before or (name.kind == "B" and name.version <= last):
                    done.add(key)
        return tuple(item for item in self.history() if item.revision in done)

    def _rows(self, revisions: Mapping[str, tuple[str, ...]]) -> list[str]:
        return [
            row
            for table, rows in revisions.items()
            if table.rpartition(".")[2].strip('"') == self.config.table
            for row in rows
        ]

    def changed(self, checksums: Mapping[str, Mapping[str, str]]) -> tuple[Migration, ...]:
        """Applied versioned scripts whose file has another checksum now."""
        return self._differing(checksums, repeatable=False)

    def outdated(self, checksums: Mapping[str, Mapping[str, str]]) -> tuple[Migration, ...]:
        """Repeatable scripts that have changed since they ran, so that they run again."""
        return self._differing(checksums, repeatable=True)

    def _differing(
        self, checksums: Mapping[str, Mapping[str, str]], *, repeatable: bool
    ) -> tuple[Migration, ...]:
        then = {
            Path(script).name: int(number)
            for table, numbers in checksums.items()
            if table.rpartition(".")[2].strip('"') == self.config.table
            for script, number in numbers.items()
        }
        return tuple(
            item
            for item in self.history()
            if item.revision.startswith("R__") == repeatable
            and Path(item.path).name in then
            and then[Path(item.path).name] not in self._checksums(item.revision)
        )

    def _checksums(self, revision: str) -> set[int]:
        """A script's checksum; a repeatable one's counts with its placeholders replaced."""
        path = self.scripts[revision][1]
        text = script_text(path)
        numbers = {checksum(text)}
        if revision.startswith("R__") and self.config.replaces:
            config = surroundings(self.config)
            numbers.add(checksum(replaced(text, path, config, self.values(None))))
        return numbers

    @contextmanager
    def runner(self, target: Target) -> Iterator[FlywayRunner]:
        """Open a runner on a target."""
        with Sender(target) as sender:
            yield FlywayRunner(self, sender, self.values(target.url))


def _section(script: FlywayScript) -> Section:
    return Section(script.statements, "transaction" if script.transactional else "each")


class FlywayRunner:
    """Sends scripts in Flyway's transactions; Flyway's own version table is left alone."""

    def __init__(self, project: FlywayProject, sender: Sender, values: Mapping[str, str]) -> None:
        self._project, self._sender, self._values = project, sender, values

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Send the scripts, each in a transaction of its own, or all in one with `group`."""
        scripts = [
            (item.revision, self._project.script(item.revision, self._values))
            for item in migrations
        ]
        if self._project.config.group and all(script.transactional for _, script in scripts):
            self._prepare()
            self._sender.run_together([(name, script.statements) for name, script in scripts])
            return
        for revision, script in scripts:
            self._send(revision, script, "up")

    def downgrade(self, migration: Migration) -> None:
        """Send the undo script of a version."""
        version = self._project.scripts[migration.revision][0].version
        path = self._project.undo.get(version)
        if path is None:
            raise MigrationFailed(migration.revision, "there is no undo script (U…) for it")
        self._send(migration.revision, self._project._read(path, self._values), "down")

    def _send(self, revision: str, script: FlywayScript, direction: str) -> None:
        if script.conflict:
            raise MigrationFailed(revision, script.conflict)
        self._prepare()
        wrapping: Wrapping = "transaction" if script.transactional else "each"
        self._sender.run(revision, script.statements, wrapping, direction)

    def _prepare(self) -> None:
        """Begin as Flyway does: what a script set for its session is undone before the next."""
        config, setup = self._project.config, Mark("", None, "setup")
        self._sender.renew()
        if config.schema:
            quoted = '"' + config.schema.replace('"', '""') + '"'
            self._sender.query(setup, f"CREATE SCHEMA IF NOT EXISTS {quoted}")
            self._sender.query(setup, f'SET search_path = {quoted}, "$user", public')
        if config.first:
            self._sender.run("", [ScriptStatement(config.first, 1)], "each", "setup")
