"""What stands for production: a snapshot file, or a .sql file with a schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from dbspecialist.engines.snapshot_file import read_snapshot
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot

#: The engines that migrations are tried on.
ENGINES = ("postgresql", "mysql", "mariadb", "sqlite")

_DUMPED_FROM = re.compile(
    r"^-- Dumped from database version (\d{2})(?:\.(\d+))?(?!\d)", re.MULTILINE
)


def read_source(
    path: str | PathLike[str] | None, tell: Callable[[str], None], engine: str | None = None
) -> Snapshot | None:
    """Read what stands for production, or nothing where nothing is given.

    Args:
        path: A snapshot, or a .sql file with a schema.
        tell: Called with a sentence on what is being done.
        engine: The engine that is asked for; a .sql file is run on it.

    Raises:
        InputError: Where the file is neither, or its SQL does not run.
    """
    if path is None:
        return None
    file = Path(path)
    if file.suffix.lower() != ".sql":
        found = read_snapshot(file)
        if found.engine not in ENGINES:
            raise InputError(f"a snapshot of {found.engine}", str(file), "take one of PostgreSQL")
        if engine and engine != found.engine:
            raise InputError(
                f"a snapshot of {found.engine}, and --engine says {engine}",
                str(file),
                "leave --engine out",
            )
        return found
    tell(f"running {file} on an empty twin")
    if engine in {"mysql", "mariadb"}:
        from dbspecialist.tasks.sources_mysql import snapshot_of_sql as of_mysql

        return of_mysql(file, engine)
    if engine == "sqlite":
        from dbspecialist.tasks.sources_sqlite import snapshot_of_sql as of_sqlite

        return of_sqlite(file)
    return snapshot_of_sql(file)


def dumped_from(text: str) -> int | None:
    """Return the version of the server that pg_dump says a script is from, as servers number it."""
    found = _DUMPED_FROM.search(text)
    return int(found[1]) * 10_000 + int(found[2] or 0) if found else None


def snapshot_of_sql(file: Path) -> Snapshot:
    """Make a schema-only snapshot by running a .sql file on an empty twin.

    It is run as migrations are, without a superuser's rights.

    Raises:
        InputError: At the first statement that the engine refuses.
    """
    # Not at the top: where a snapshot is given, a stage is prepared while these are imported.
    from dbspecialist.engines.postgresql.catalogue import read_catalogue
    from dbspecialist.engines.postgresql.script import split_script
    from dbspecialist.engines.postgresql.tokens import script_text
    from dbspecialist.twins.scripts import run_script
    from dbspecialist.twins.stage import open_stage
    from dbspecialist.twins.stage_roles import OWNER

    text = script_text(file)
    with open_stage(None) as stage, stage.admin(stage.template) as connection:
        left_out = run_script(connection, split_script(text, file), file, OWNER)
        catalogue = read_catalogue(connection)
        version = dumped_from(text) or connection.info.server_version
    return Snapshot(
        engine="postgresql",
        server_version=version,
        database=file.stem,
        source=str(file),
        captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        catalogue=catalogue,
        unseen=left_out,
    )
