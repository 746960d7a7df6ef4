"""Twins: a throwaway server that plans as production plans, and holds no row."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.closing import Closing
from dbspecialist.twins.cluster import PORT, Cluster, make_cluster
from dbspecialist.twins.commands import run_command, wait_until_told
from dbspecialist.twins.database import create_database, restore_sequences
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.loader import CAREFUL
from dbspecialist.twins.plan_settings import apply_settings
from dbspecialist.twins.production_roles import make_roles
from dbspecialist.twins.session_settings import session_settings
from dbspecialist.twins.sizes import (
    RelationFile,
    refuse_unusable_scale,
    relation_files,
    set_sizes,
)
from dbspecialist.twins.stage_roles import OWNER
from dbspecialist.twins.statistics import restore_statistics

Progress = Callable[[str], None]

#: No room is taken for WAL ahead of its use.
_LEAN = {"wal_init_zero": "off", "wal_recycle": "off"}


class Twin(Closing):
    """A running twin; made by `open_twin`, and gone with the block that it opens.

    Args:
        cluster: Its server.
        database: The name of production's database.
        left_out: What of the snapshot it does not hold, one sentence each.
        ready_ms: From the snapshot to the first statement, in milliseconds.
    """

    def __init__(self, cluster: Cluster, database: str) -> None:
        self.cluster, self.database = cluster, database
        self.left_out: tuple[str, ...] = ()
        self.ready_ms = 0.0

    @property
    def version(self) -> str:
        """The server's version ("18.6")."""
        return self.cluster.version

    @property
    def url(self) -> str:
        """A libpq URL for the role that owns everything and is no superuser."""
        return self.cluster.url(self.database, OWNER)

    @property
    def superuser_url(self) -> str:
        """A libpq URL for the superuser."""
        return self.cluster.url(self.database)

    def connect(self, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection of the owner in autocommit mode."""
        return self.cluster.connect(self.database, OWNER, **options)

    def disk_bytes(self) -> int:
        """Count the bytes that the twin's files take on disk; holes take none."""
        files = (path.lstat() for path in self.cluster.folder.rglob("*"))
        return sum(status.st_blocks * 512 for status in files)

    def environment(self) -> dict[str, str]:
        """Return the variables that clients of PostgreSQL look for."""
        return {
            "DATABASE_URL": self.url,
            "PGHOST": str(self.cluster.folder),
            "PGPORT": str(PORT),
            "PGUSER": OWNER,
            "PGDATABASE": self.database,
        }

    def wait(self, ready: Callable[[], object] | None = None) -> None:
        """Wait until SIGINT or SIGTERM comes or the process that started this one ends.

        Args:
            ready: Called first, with the signals heard already: who is told of the twin there may
                send one at once.
        """
        wait_until_told(ready)

    def close(self) -> None:
        """Stop the server and remove everything it had."""
        self.cluster.close()


def open_twin(
    snapshot: Snapshot,
    *,
    scale: float = 1.0,
    sized: bool = True,
    progress: Progress | None = None,
) -> Twin:
    """Start a throwaway server and load a snapshot into it.

    Args:
        scale: Multiplies lengths and rows, as if every table were that many times larger.
        sized: Whether files get production's lengths; without them only the catalogue knows.
        progress: Called with each step, a clause.

    Raises:
        InputError: Where the snapshot is of another engine or no server can be started.
    """
    refuse_unusable_scale(scale)
    if snapshot.engine != "postgresql":
        raise InputError(
            f"a snapshot of {snapshot.engine}", snapshot.source, "take one of PostgreSQL"
        )
    started = time.perf_counter()
    twin = Twin(make_cluster(_LEAN), snapshot.database or "postgres")
    try:
        _fill(twin, snapshot, scale, sized, progress or _silent)
    except BaseException:
        twin.close()
        raise
    twin.ready_ms = (time.perf_counter() - started) * 1000
    return twin


def _silent(_step: str) -> None:
    """Say nothing."""


def _fill(twin: Twin, snapshot: Snapshot, scale: float, sized: bool, progress: Progress) -> None:
    progress("starting a server")
    twin.cluster.start()
    left_out = create_database(twin.cluster, twin.database, snapshot.settings)
    with twin.cluster.connect(twin.database, options=CAREFUL) as connection:
        progress("creating the schema")
        make_roles(connection, snapshot.roles)
        left_out += load_schema(connection, snapshot.catalogue, owner=OWNER)
        progress("loading the statistics")
        left_out += restore_statistics(connection, snapshot, scale, owner=OWNER)
        restore_sequences(connection, snapshot.sequences)
        files = relation_files(connection, snapshot.relations, scale) if sized else ()
        settings = {**snapshot.settings, **session_settings(snapshot)}
        left_out += apply_settings(connection, twin.database, settings)
    twin.left_out = tuple(left_out)
    if files:
        progress("setting the sizes")
        _resize(twin.cluster, files)


def _resize(cluster: Cluster, files: Sequence[RelationFile]) -> None:
    """Set lengths while the server is down: a running one keeps first pages in memory."""
    cluster.stop()
    try:
        set_sizes(cluster.data, files)
    except OSError as error:
        raise InputError(
            f"no room for files of production's length ({error.strerror})",
            str(cluster.folder),
            "set TMPDIR to a file system with sparse files and 64 MiB free",
        ) from error
    cluster.start()


def run_with_twin(snapshot: Snapshot, command: Sequence[str], *, scale: float = 1.0) -> int:
    """Run a command with `DATABASE_URL` and the PG variables set to a twin; return its status.

    The twin is closed when the command ends. Interrupts and SIGTERM go to the command.

    Raises:
        InputError: Where the twin cannot be made or the command cannot be started.
    """
    with open_twin(snapshot, scale=scale) as twin:
        return run_command(command, twin.environment())
