"""The guard of a twin's server: what runs there ends, and does not fill the disk.

Observed statements have a watchdog of their own, which says what it stops. The guard is behind it:
for sessions that nobody observes, and for statements that catch the request to stop.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from dbspecialist.twins.cluster import Cluster

#: How often it looks.
GLANCE_SECONDS = 1.0
#: After how long over the limit a statement is asked to stop, and its session is ended.
ASKED_AFTER, ENDED_AFTER = 3.0, 6.0
#: What a twin may take on disk. Its own is below 64 MiB; the rest is what migrations write.
MOST_BYTES = 4 << 30

_RUNNING = """
SELECT pid, false, extract(epoch FROM clock_timestamp() - query_start)::float8
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state = 'active' AND usename = ANY(%s)
UNION ALL
SELECT pid, true, extract(epoch FROM clock_timestamp() - xact_start)::float8
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND usename = ANY(%s)
"""


class Guard:
    """Looks after the sessions of some roles, from a thread of its own.

    Args:
        cluster: The server.
        roles: Whose statements.
        seconds: How long a statement may run.
        whole: Whose transactions are to end within that time, however many statements they are. A
            `transaction_timeout` does not hold after a statement that another one has stopped.
        most_bytes: How much the server's folder may take on disk.
    """

    def __init__(
        self,
        cluster: Cluster,
        roles: Sequence[str],
        seconds: float,
        *,
        whole: Sequence[str] = (),
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._folder, self._roles = cluster.folder, [list(roles), list(whole)]
        self.seconds, self.most_bytes = seconds, most_bytes
        self._free = shutil.disk_usage(self._folder).free
        self._ended = threading.Event()
        self._connection = cluster.connect()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="guard")
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()
        self._connection.close()

    def _watch(self) -> None:
        # The server may end before its guard does: then nothing is left to look after.
        with contextlib.suppress(psycopg.OperationalError):
            while not self._ended.wait(GLANCE_SECONDS):
                self._look()

    def _look(self) -> None:
        full = self._is_full()
        for backend, whole, seconds in self._connection.execute(_RUNNING, self._roles).fetchall():
            over = seconds - self.seconds
            if over > (0 if whole else ENDED_AFTER) or (full and seconds > ENDED_AFTER):
                self._connection.execute("SELECT pg_terminate_backend(%s)", [backend])
            elif not whole and (over > ASKED_AFTER or full):
                self._connection.execute("SELECT pg_cancel_backend(%s)", [backend])

    def _is_full(self) -> bool:
        """Count the folder's bytes only where the file system has lost as many."""
        lost = self._free - shutil.disk_usage(self._folder).free
        return lost > self.most_bytes and disk_bytes(self._folder) > self.most_bytes


@contextlib.contextmanager
def guarded(
    cluster: Cluster, roles: Sequence[str], seconds: float, *, whole: Sequence[str] = ()
) -> Iterator[Guard]:
    """Guard a server until the end of the block."""
    guard = Guard(cluster, roles, seconds, whole=whole)
    try:
        yield guard
    finally:
        guard.close()


def disk_bytes(folder: Path) -> int:
    """Count the bytes that a folder's files take on disk; holes take none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # a server removes files all the time
                total += (Path(place) / name).lstat().st_blocks * 512
    return total
