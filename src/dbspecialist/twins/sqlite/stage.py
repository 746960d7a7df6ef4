"""A stage: a file with production's schema, made anew for each pass."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from dbspecialist.engines.sqlite.catalogue import read_catalogue
from dbspecialist.engines.sqlite.connection import Session
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.folders import owned_folder

#: After how long a statement is stopped and called unchecked.
STATEMENT_SECONDS = 20.0
_ORDER = {"table": 0, "index": 1, "view": 2, "trigger": 3}


class Stage:
    """A folder with the file on which migrations are tried.

    Args:
        folder: The folder, which ends with the stage.
        snapshot: What stands for production.
    """

    engine = "sqlite"
    statement_seconds = STATEMENT_SECONDS

    def __init__(self, folder: Path, snapshot: Snapshot | None) -> None:
        self.folder, self.snapshot = folder, snapshot
        self.path = folder / "twin.sqlite3"
        self.left_out: tuple[str, ...] = ()
        self.ready_ms = 0.0

    @property
    def enforces(self) -> bool:
        """Whether the migrations' connection enforces foreign keys from the start."""
        settings = self.snapshot.settings if self.snapshot else {}
        return settings.get("foreign_keys", "on") == "on"

    def session(self) -> Session:
        """Open the connection that migrations run on."""
        return Session(self.path, self.statement_seconds, foreign_keys=self.enforces)

    def renew(self) -> None:
        """Make production's schema anew, without rows."""
        for file in self.folder.glob("twin.sqlite3*"):
            file.unlink()
        with contextlib.closing(_connect(self.path)) as connection:
            if self.snapshot is not None:
                self.left_out = tuple(load(connection, self.snapshot.catalogue))

    def read(self) -> Catalogue:
        """Read the catalogue as it is now."""
        with contextlib.closing(_connect(self.path)) as connection:
            return read_catalogue(connection)


def _connect(path: Path) -> sqlite3.Connection:
    # A cached statement that no longer compiles has been seen to end the process.
    return sqlite3.connect(path, isolation_level=None, cached_statements=0)


def load(connection: sqlite3.Connection, catalogue: Catalogue) -> Iterator[str]:
    """Create a catalogue's objects, and the planner's statistics; yield what is refused."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")  # views may stand on one another
    made = [item for item in catalogue.objects if item.create and item.kind in _ORDER]
    for item in sorted(made, key=lambda one: _ORDER[one.kind]):
        try:
            connection.execute(item.create)
        except sqlite3.Error as error:
            yield f"{item.kind} {item.name}: {error}"
    statistics = list(catalogue.of_kind("statistics"))
    if statistics:
        connection.execute("ANALYZE")
        for item in statistics:
            connection.execute(item.create)
        connection.execute("ANALYZE sqlite_schema")


@contextlib.contextmanager
def open_stage(snapshot: Snapshot | None = None) -> Iterator[Stage]:
    """Open a stage with production's schema."""
    started = time.perf_counter()
    with owned_folder("q") as folder:
        stage = Stage(folder, snapshot)
        stage.renew()
        stage.ready_ms = (time.perf_counter() - started) * 1000
        yield stage
