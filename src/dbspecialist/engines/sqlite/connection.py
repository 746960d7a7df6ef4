"""Connections to a twin's file: what a migration may not do there, and when it is stopped."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from dbspecialist.facts.effects import EngineError

#: How many steps of SQLite's machine lie between two looks at the clock.
_STEPS = 10_000
#: The largest string or row that a twin holds, in bytes.
_LONGEST = 64 * 1024 * 1024


class Session:
    """One connection whose statements end in time and reach no other file.

    Args:
        path: The twin's file.
        seconds: After how long a statement is stopped.
        foreign_keys: Whether foreign keys are enforced from the start.
    """

    def __init__(self, path: Path, seconds: float, *, foreign_keys: bool = False) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=0)
        self._seconds, self._until = seconds, 0.0
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        self.connection.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.set_authorizer(_authorize)
        self.connection.set_progress_handler(self._is_late, _STEPS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        self._until = time.monotonic() + self._seconds
        return self.connection.execute(sql).fetchall()

    def value(self, sql: str) -> object:
        """Return the first value that a query gives, or nothing."""
        found = self.execute(sql)
        return found[0][0] if found else None

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.connection.in_transaction

    def close(self) -> None:
        """Close the connection; what is not committed is gone."""
        self.connection.close()


def _authorize(
    action: int, first: str | None, second: str | None, _database: str | None, _by: str | None
) -> int:
    """Refuse other files and libraries (SQLite manual, "Compile-Time Authorization Callbacks")."""
    if action == sqlite3.SQLITE_ATTACH and first not in {"", ":memory:"}:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in {
        "load_extension",
        "writefile",
    }:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _REFUSED:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


#: Settings that name folders.
_REFUSED = frozenset({"temp_store_directory", "data_store_directory"})


def engine_error(error: sqlite3.Error) -> EngineError:
    """Return SQLite's refusal with the name of its result code."""
    name = str(getattr(error, "sqlite_errorname", "") or type(error).__name__)
    if name == "unknown":  # newer than Python's list
        name = _NEWER.get(int(getattr(error, "sqlite_errorcode", 0)), "SQLITE_ERROR")
    return EngineError(name, str(error))


#: Result codes that Python 3.11 does not name (SQLite manual, "Result and Error Codes").
_NEWER = {3091: "SQLITE_CONSTRAINT_DATATYPE"}


def is_stopped(error: sqlite3.Error) -> bool:
    """Whether the statement was stopped for its time."""
    return getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT"
