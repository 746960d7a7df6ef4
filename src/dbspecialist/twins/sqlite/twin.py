"""A twin of a SQLite database: a file that plans as production's does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.closing import Closing
from dbspecialist.twins.commands import wait_until_told
from dbspecialist.twins.sqlite.stage import open_stage


class SqliteTwin(Closing):
    """A file with production's schema and statistics, and no row; a context manager.

    Args:
        snapshot: What it is a twin of.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        started = time.perf_counter()
        self._stack = contextlib.ExitStack()
        stage = self._stack.enter_context(open_stage(snapshot))
        self.path, self.left_out = stage.path, stage.left_out
        self.ready_ms = (time.perf_counter() - started) * 1000

    @property
    def url(self) -> str:
        """The file as SQLAlchemy and others write it."""
        return f"sqlite:///{self.path}"

    def environment(self) -> dict[str, str]:
        """Return the variable that programs look for."""
        return {"DATABASE_URL": self.url}

    def wait(self, ready: Callable[[], object] | None = None) -> None:
        """Wait until SIGINT or SIGTERM comes or the process that started this one ends."""
        wait_until_told(ready)

    def close(self) -> None:
        """Remove the file."""
        self._stack.close()


def open_sqlite_twin(snapshot: Snapshot) -> SqliteTwin:
    """Open a snapshot as a throwaway file."""
    return SqliteTwin(snapshot)
