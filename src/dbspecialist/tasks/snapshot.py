"""Snapshots: the one call behind `dbs snapshot`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.revisions import read_revisions
from dbspecialist.engines.postgresql.server import Session
from dbspecialist.engines.snapshot_file import write_snapshot
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.trials import brought_to
from dbspecialist.tasks.sources import snapshot_of_sql
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.twins.stage import open_stage
from dbspecialist.twins.variables import hidden_variables


def snapshot(
    url: str | PathLike[str],
    output: str | Path | None = None,
    *,
    redact: bool = False,
    workload: bool = True,
    connect_timeout: int = 5,
    statement_timeout_ms: int = 30_000,
    lock_timeout_ms: int = 1000,
) -> Snapshot:
    """Capture everything about a database but its rows.

    Args:
        url: The URL of a PostgreSQL, MySQL, MariaDB or SQLite database, which is only read; its
            password stays out of the snapshot. Or a .sql file with a schema, or a folder with
            migrations, which are run on an empty PostgreSQL twin; these give a snapshot without
            sizes.
        output: Also write the snapshot to this file.
        redact: Put stand-ins in place of the values that statistics hold.
        workload: Whether to read pg_stat_statements.

    Raises:
        InputError: When the source cannot be read or the file cannot be written.
    """
    path = None if output is None else Path(output)
    if isinstance(url, str) and not url.strip():
        raise InputError("the database URL is empty", "", "is the variable set that it comes from?")
    if path is not None:
        refuse_unusable(path)
    found = (
        of_path(Path(url))
        if is_path(url)
        else of_mysql(str(url), redact, workload, connect_timeout, statement_timeout_ms)
        if _MYSQL.match(str(url))
        else of_sqlite(str(url), redact)
        if _SQLITE.match(str(url))
        else capture(
            str(url),
            redact=redact,
            workload=workload,
            connect_timeout=connect_timeout,
            statement_timeout_ms=statement_timeout_ms,
            lock_timeout_ms=lock_timeout_ms,
        )
    )
    if path is not None:
        write_snapshot(found, path)
    return found


def is_path(source: str | PathLike[str]) -> bool:
    """Whether the source is a file or folder rather than a URL or connection string."""
    if not isinstance(source, str) or source.endswith(".sql"):
        return True
    return "://" not in source and "=" not in source


#: With a driver's name or without (`mysql+pymysql://`).
_MYSQL = re.compile(r"\s*(mysql|mariadb)(\+\w+)?://")


_SQLITE = re.compile(r"\s*sqlite(\+\w+)?:")


def of_sqlite(url: str, redact: bool) -> Snapshot:
    """Capture a SQLite file."""
    from dbspecialist.engines.sqlite.capture import capture as capture_sqlite

    return capture_sqlite(url, redact=redact)


def of_mysql(
    url: str, redact: bool, workload: bool, connect_timeout: int, statement_timeout_ms: int
) -> Snapshot:
    """Capture a database of MySQL or MariaDB."""
    from dbspecialist.engines.mysql.capture import capture as capture_mysql

    return capture_mysql(
        url,
        redact=redact,
        workload=workload,
        connect_timeout=connect_timeout,
        statement_timeout_ms=statement_timeout_ms,
    )


@hidden_variables()
def of_path(path: Path) -> Snapshot:
    """Make a snapshot without sizes from a .sql file or from a folder's migrations."""
    if path.suffix == ".sql" and not path.is_dir():
        return snapshot_of_sql(path)
    if path.is_dir():
        return snapshot_of_migrations(path)
    raise InputError(
        "is neither a database URL, nor a .sql file, nor a folder",
        str(path),
        "write a URL as postgresql://USER@HOST:PORT/DATABASE",
    )


def snapshot_of_migrations(root: Path) -> Snapshot:
    """Run a folder's migrations from zero on an empty twin and read what they made.

    Raises:
        InputError: When there are none, those of several projects, or they do not run.
    """
    projects = find_projects(root)
    if len(projects) > 1:
        names = ", ".join(f"{item.name} in {item.root}" for item in projects)
        raise InputError(f"holds several projects: {names}", str(root), "give the folder of one")
    project = projects[0]
    try:
        with (
            open_stage(None) as stage,
            brought_to(stage, project, project.history()) as database,
            stage.admin(database) as connection,
        ):
            revisions, checksums = read_revisions(Session(connection))
            return Snapshot(
                engine="postgresql",
                server_version=connection.info.server_version,
                database=root.resolve().name,
                source=f"{project.name} migrations in {root}",
                captured_at=datetime.now(UTC).isoformat(timespec="seconds"),
                catalogue=read_catalogue(connection),
                revisions=revisions,
                checksums=checksums,
            )
    except MigrationFailed as error:
        raise InputError(
            f"the history does not replay: {error.reason}",
            f"{project.name} revision {error.revision}",
            "mend it",
        ) from error


def refuse_unusable(path: Path) -> None:
    """Refuse an output that cannot be written, before the server is asked anything.

    Raises:
        InputError: When it is a folder, or its folder is missing.
    """
    if path.is_dir():
        raise InputError("is a folder", str(path), "name a file with --output")
    if not path.parent.is_dir():
        raise InputError(
            "No such file or directory", str(path.parent), "choose another place with --output"
        )
