"""A schema of MySQL or MariaDB from a .sql file."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from dbspecialist.engines.mysql.driver import Connection, MySQLError, execute
from dbspecialist.engines.mysql.names import plain
from dbspecialist.engines.mysql.script import split_script
from dbspecialist.engines.mysql.server import engine_of
from dbspecialist.engines.mysql.tokens import meaningful
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.mysql.load import create_database
from dbspecialist.twins.mysql.stage import Stage, open_stage


def _of_databases(stage: Stage, session: Connection, sql: str) -> bool:
    """Make the database that a dump makes for itself; tell whether the statement was of that kind.

    The account that runs the script may not make any.
    """
    found = [item for item in meaningful(sql) if item.kind in {"word", "name"}]
    said = [item.text.lower() for item in found[:2]]
    if said[:1] != ["use"] and said[1:] not in (["database"], ["schema"]):
        return False
    names = [item for item in found if item.text.lower() not in _WORDS]
    if said[0] == "create" and names:
        stage.database = plain(names[0].text)
        with contextlib.closing(stage.admin()) as admin:
            create_database(admin, stage.database, None)
    elif said[0] == "use":
        session.select_db(plain(names[0].text))
    return said[0] in {"create", "use", "drop"}


_WORDS = frozenset({"create", "drop", "use", "database", "schema", "if", "not", "exists", "or"})


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
                if not _of_databases(stage, session, statement.sql):
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
