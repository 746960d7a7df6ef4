"""Flyway's SQL callbacks of `migrate`, in the order and the transactions that Flyway gives them.

Those around all migrations have a session and a transaction each; those around each migration and
each of its statements stand in its own ("Callbacks", Flyway's manual; seen with Flyway 10.20).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.toolchains.flyway.config import FlywayConfig
from dbspecialist.toolchains.flyway.scripts import FlywayScript
from dbspecialist.toolchains.walk import folders

BEFORE = ("beforeValidate", "afterValidate", "createSchema", "beforeMigrate")
VERSIONED = ("afterVersioned",)
REPEATABLES = ("beforeRepeatables",)
AFTER = ("afterMigrateApplied", "afterMigrate")
_EACH = ("beforeEachMigrate", "afterEachMigrate")
_STATEMENT = ("beforeEachMigrateStatement", "afterEachMigrateStatement")
_RUN = frozenset({*BEFORE, *VERSIONED, *REPEATABLES, *AFTER, *_EACH, *_STATEMENT})
#: Reads a script.
Read = Callable[[Path], FlywayScript]


@dataclass(frozen=True)
class Callbacks:
    """The callbacks of a configuration, by event, in the order of their names."""

    files: dict[str, tuple[Path, ...]]

    @classmethod
    def of(cls, config: FlywayConfig) -> Callbacks:
        """Find the callbacks in a configuration's locations."""
        found: dict[str, list[Path]] = {}
        places = [folder for item in config.locations for folder in folders(item)]
        for path in sorted({path for folder in places for path in folder.glob("*.sql")}):
            event = path.stem.partition("__")[0]
            if event in _RUN:
                found.setdefault(event, []).append(path)
        return cls({event: tuple(paths) for event, paths in found.items()})

    def __iter__(self) -> Iterator[Path]:
        """Yield the files."""
        return (path for paths in self.files.values() for path in paths)

    def around(
        self, statements: Sequence[ScriptStatement], read: Read
    ) -> tuple[ScriptStatement, ...]:
        """Return a script's statements with those of the callbacks around it and each of them."""
        if not any(event in self.files for event in (*_EACH, *_STATEMENT)):
            return tuple(statements)
        before, after = (self._of(event, read) for event in _EACH)
        first, last = (self._of(event, read) for event in _STATEMENT)
        inner = [item for one in statements for item in (*first, one, *last)]
        return (*before, *inner, *after)

    def _of(self, event: str, read: Read) -> tuple[ScriptStatement, ...]:
        paths = self.files.get(event, ())
        return tuple(item for path in paths for item in self.alone(path, read))

    def alone(self, path: Path, read: Read) -> tuple[ScriptStatement, ...]:
        """Return a callback's statements; line 0, since they stand in no file of a migration."""
        return tuple(replace(item, line=0) for item in read(path).statements)
