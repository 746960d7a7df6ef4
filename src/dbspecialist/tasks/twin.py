"""The twin of a snapshot file, as a server to connect to."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.engines.snapshot_file import read_snapshot
from dbspecialist.twins.commands import run_command
from dbspecialist.twins.twin import Progress, Twin, open_twin, run_with_twin
from dbspecialist.twins.variables import hidden_variables

if TYPE_CHECKING:
    from dbspecialist.twins.mysql.twin import MySQLTwin
    from dbspecialist.twins.sqlite.twin import SqliteTwin

MYSQL = frozenset({"mysql", "mariadb"})


@hidden_variables()
def twin_open(
    snapshot: str | PathLike[str], *, scale: float = 1.0, progress: Progress | None = None
) -> Twin | MySQLTwin | SqliteTwin:
    """Open a snapshot file as a throwaway server: `with twin_open(path) as twin: twin.url`.

    Args:
        snapshot: The file that `dbs snapshot` wrote.
        scale: By how much sizes are multiplied.
        progress: Called with each step, a clause.

    Raises:
        InputError: Where the file cannot be read or no server can be started.
    """
    taken = read_snapshot(Path(snapshot))
    if taken.engine in MYSQL:
        from dbspecialist.twins.mysql.twin import open_mysql_twin

        return open_mysql_twin(taken, progress=progress)
    if taken.engine == "sqlite":
        from dbspecialist.twins.sqlite.twin import open_sqlite_twin

        return open_sqlite_twin(taken)
    return open_twin(taken, scale=scale, progress=progress)


@hidden_variables()
def twin_run(snapshot: str | PathLike[str], command: Sequence[str], *, scale: float = 1.0) -> int:
    """Run a command against the twin of a snapshot file and return its exit status.

    `DATABASE_URL`, `PGHOST`, `PGPORT`, `PGUSER` and `PGDATABASE` are set for it; of MySQL and
    MariaDB `DATABASE_URL` and `MYSQL_UNIX_PORT`.

    Args:
        snapshot: The file that `dbs snapshot` wrote.
        command: The program and its arguments.
        scale: By how much sizes are multiplied.

    Raises:
        InputError: Where the file cannot be read or the command cannot be started.
    """
    taken = read_snapshot(Path(snapshot))
    if taken.engine in MYSQL:
        from dbspecialist.twins.mysql.twin import open_mysql_twin

        with open_mysql_twin(taken) as twin:
            return run_command(command, twin.environment())
    if taken.engine == "sqlite":
        from dbspecialist.twins.sqlite.twin import open_sqlite_twin

        with open_sqlite_twin(taken) as file:
            return run_command(command, file.environment())
    return run_with_twin(taken, command, scale=scale)
