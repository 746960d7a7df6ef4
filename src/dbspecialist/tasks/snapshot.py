"""Snapshots: the one call behind `dbs snapshot`."""

from __future__ import annotations

from pathlib import Path

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot


def snapshot(
    url: str,
    output: str | Path | None = None,
    *,
    redact: bool = False,
    workload: bool = True,
    connect_timeout: int = 5,
    statement_timeout_ms: int = 30_000,
    lock_timeout_ms: int = 1000,
) -> Snapshot:
    """Capture everything about a PostgreSQL database but its rows, read-only.

    Args:
        url: A libpq URL or connection string; its password stays out of the snapshot.
        output: Also write the snapshot to this file.
        redact: Put stand-ins in place of the values that statistics hold.
        workload: Whether to read pg_stat_statements.

    Raises:
        InputError: When the database cannot be read or the file cannot be written.
    """
    from dbspecialist.engines.postgresql.capture import capture
    from dbspecialist.engines.snapshot_file import write_snapshot

    path = None if output is None else Path(output)
    if path is not None:
        refuse_unusable(path)
    found = capture(
        url,
        redact=redact,
        workload=workload,
        connect_timeout=connect_timeout,
        statement_timeout_ms=statement_timeout_ms,
        lock_timeout_ms=lock_timeout_ms,
    )
    if path is not None:
        write_snapshot(found, path)
    return found


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
