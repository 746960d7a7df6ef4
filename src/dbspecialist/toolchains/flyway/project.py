"""A Flyway project: its scripts in Flyway's order, and a runner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Target
from dbspecialist.toolchains.dialects import POSTGRESQL
from dbspecialist.toolchains.flyway.callbacks import Callbacks
from dbspecialist.toolchains.flyway.config import FlywayConfig, surroundings
from dbspecialist.toolchains.flyway.names import ScriptName
from dbspecialist.toolchains.flyway.notes import callbacks_told, lock_missing
from dbspecialist.toolchains.flyway.programs import Program, read_programs
from dbspecialist.toolchains.flyway.runner import FlywayRunner
from dbspecialist.toolchains.flyway.scripts import (
    FlywayScript,
    checksum,
    read_flyway_script,
    replaced,
)
from dbspecialist.toolchains.sending import Sender
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
        return {
            name.version: path
            for name, path in self._found
            if name.kind == "U" and path.suffix.lower() == ".sql"
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """Callbacks, and a setting that Flyway's manual asks for and that is missing."""
        told = callbacks_told(self.callbacks, self.root)
        if not self.config.transactional_lock:
            return told
        scripts = (self.script(revision) for revision in self.scripts)
        return (*told, *lock_missing(item for item in scripts if not item.transactional))

    @cached_property
    def callbacks(self) -> Callbacks:
        """The callbacks that run with `migrate`."""
        return Callbacks.of(self.config)

    @cached_property
    def programs(self) -> dict[str, Program]:
        """Migrations that are programs, by revision: those after the last baseline."""
        kept = [name.version for name, _ in self.scripts.values() if name.kind == "B"]
        found = read_programs(self.config, self.root)
        return {
            item.name.revision: item
            for item in found
            if item.name.revision not in self.scripts
            and (not item.name.version or not kept or item.name.version > kept[0])
        }

    def history(self) -> tuple[Migration, ...]:
        """All migrations: versioned ones by version, then repeatable ones by description."""
        named = [name for name, _ in self.scripts.values()]
        named += [item.name for item in self.programs.values()]
        named.sort(key=lambda name: (not name.version, name.version, name.title))
        return tuple(
            self._migration(name, named[number - 1] if number else None)
            for number, name in enumerate(named)
        )

    def _migration(self, name: ScriptName, before: ScriptName | None) -> Migration:
        program = self.programs.get(name.revision)
        path = program.path if program else self.scripts[name.revision][1]
        way = program or self.script(name.revision)
        return Migration(
            revision=name.revision,
            path=relative(path, self.root),
            toolchain=self.name,
            parents=(before.revision,) if before else (),
            title=name.title,
            transactional=way.transactional,
            reversible=name.version in self.undo if name.version else False,
            not_run=program.not_run if program else "",
        )

    def script(self, revision: str, values: Mapping[str, str] | None = None) -> FlywayScript:
        """A script of the way up."""
        return self.read(self.scripts[revision][1], values or self.values(None))

    def read(self, path: Path, values: Mapping[str, str]) -> FlywayScript:
        """Read a script with its placeholders replaced."""
        return read_flyway_script(path, surroundings(self.config), values, self.dialect)

    def sections(self, revision: str) -> tuple[Section, Section | None]:
        """The way up of a script, and its undo script where it has one."""
        if revision in self.programs:
            return Section((), "each"), None
        undo = self.undo.get(self.scripts[revision][0].version)
        down = self.read(undo, self.values(None)) if undo else None
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
        classes = {row.rpartition(".")[2] for row in rows}
        done |= {key for key, item in self.programs.items() if item.path.stem in classes}
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
