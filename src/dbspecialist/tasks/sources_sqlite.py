"""A schema of SQLite from a .sql file."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.engines.sqlite.script import split_script
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.sqlite.stage import open_stage


def snapshot_of_sql(file: Path) -> Snapshot:
    """Make a schema-only snapshot by running a .sql file on an empty file.

    Raises:
        InputError: At the first statement that SQLite refuses.
    """
    with open_stage() as stage, contextlib.closing(stage.session()) as session:
        session.execute("PRAGMA foreign_keys = OFF")
        for statement in split_script(script_text(file), file):
            try:
                session.execute(statement.sql)
            except sqlite3.Error as error:
                raise InputError(
                    f"SQLite refuses it: {error}",
                    f"{file}:{statement.line}",
                    "mend the statement",
                ) from error
        if session.in_transaction:
            session.execute("COMMIT")
        return Snapshot(
            engine="sqlite",
            server_version=sqlite3_version(),
            database=file.stem,
            source=str(file),
            captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            catalogue=stage.read(),
        )


def sqlite3_version() -> int:
    """Return SQLite's version as it numbers itself (3040001 is 3.40.1)."""
    major, minor, patch = sqlite3.sqlite_version_info
    return major * 1_000_000 + minor * 1000 + patch
