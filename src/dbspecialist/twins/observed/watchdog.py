"""The watchdog: stops statements that do not end, with one thread for all of them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

#: How often it looks, in parts of the limit.
LOOKS = 20

#: Whether a backend waits for one of the same role in the same database: one of the same run.
_WAITS_FOR_ITSELF = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity own JOIN pg_stat_activity other
      ON other.usesysid = own.usesysid AND other.datid = own.datid
    WHERE own.pid = %s AND other.pid = ANY (pg_blocking_pids(own.pid))
)"""


@dataclass(eq=False)
class Running:
    """A statement that was sent and has not ended; `stopped` once the limit is over.

    `waits_for_itself` says that it waited for a lock of another session of the same run.
    """

    backend: int
    deadline: float
    stopped: bool = False
    waits_for_itself: bool = False


class Watchdog:
    """Cancels statements after a limit.

    Args:
        seconds: The limit.
        admin: Opens a superuser's connection.
    """

    def __init__(
        self, seconds: float, admin: Callable[[], psycopg.Connection[tuple[object, ...]]]
    ) -> None:
        self.seconds = seconds
        self._admin = admin
        self._running: set[Running] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name="watchdog").start()

    @contextlib.contextmanager
    def watching(self, backend: int) -> Iterator[Running]:
        """Watch what a backend does within the block."""
        running = Running(backend, time.monotonic() + self.seconds)
        with self._lock:
            self._running.add(running)
        try:
            yield running
        finally:
            with self._lock:
                self._running.discard(running)

    def close(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(self.seconds / LOOKS):
            with self._lock:  # so that what is cancelled is not the statement after it
                now = time.monotonic()
                for running in self._running:
                    if running.deadline <= now and not running.stopped:
                        running.stopped = True
                        self._stop(running)

    def _stop(self, running: Running) -> None:
        with self._admin() as connection:
            row = connection.execute(_WAITS_FOR_ITSELF, (running.backend,)).fetchone()
            running.waits_for_itself = row == (True,)
            connection.execute("SELECT pg_cancel_backend(%s)", (running.backend,))
