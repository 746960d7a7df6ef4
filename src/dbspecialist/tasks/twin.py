"""The twin of a snapshot file, as a server to connect to."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from dbspecialist.engines.snapshot_file import read_snapshot
from dbspecialist.twins.twin import Progress, Twin, open_twin, run_with_twin
from dbspecialist.twins.variables import hidden_variables


@hidden_variables()
def twin_open(
    snapshot: str | PathLike[str], *, scale: float = 1.0, progress: Progress | None = None
) -> Twin:
    """Open a snapshot file as a throwaway server: `with twin_open(path) as twin: twin.url`.

    Args:
        snapshot: The file that `dbs snapshot` wrote.
        scale: By how much sizes are multiplied.
        progress: Called with each step, a clause.

    Raises:
        InputError: Where the file cannot be read or no server can be started.
    """
    return open_twin(read_snapshot(Path(snapshot)), scale=scale, progress=progress)


@hidden_variables()
def twin_run(snapshot: str | PathLike[str], command: Sequence[str], *, scale: float = 1.0) -> int:
    """Run a command against the twin of a snapshot file and return its exit status.

    `DATABASE_URL`, `PGHOST`, `PGPORT`, `PGUSER` and `PGDATABASE` are set for it.

    Args:
        snapshot: The file that `dbs snapshot` wrote.
        command: The program and its arguments.
        scale: By how much sizes are multiplied.

    Raises:
        InputError: Where the file cannot be read or the command cannot be started.
    """
    return run_with_twin(read_snapshot(Path(snapshot)), command, scale=scale)
