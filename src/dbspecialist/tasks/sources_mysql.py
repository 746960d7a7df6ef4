"""A schema of MySQL or MariaDB from a .sql file."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from dbspecialist.engines.mysql.driver import MySQLError, execute
from dbspecialist.engines.mysql.script import split_script
from dbspecialist.engines.mysql.server import engine_of
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.mysql.stage import open_stage


def snapshot_of_sql(file: Path, engine: str) -> Snapshot:
    """Make a schema-only snapshot by running a .sql file on an empty twin.

    Raises:
        InputError: At the first statement that the engine refuses.
    """
    statements = split_script(script_text(file), file)
    with open_stage(engine=engine) as stage, contextlib.closing(stage.session()) as session:
        execute(session, "SET SESSION foreign_key_checks = 0")  # as dumps do
        for statement in statements:
            try:
                execute(session, statement.sql)
            except MySQLError as error:
                raise InputError(
                    f"the engine refuses it: {error.args[-1]}",
                    f"{file}:{statement.line}",
                    "mend the statement",
                ) from error
        found, version = engine_of(session)
        return Snapshot(
            engine=found,
            server_version=version,
            database=stage.database,
            source=str(file),
            captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            catalogue=stage.read(),
        )
