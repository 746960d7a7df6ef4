"""A twin of MySQL or MariaDB to connect to: production's schema and settings, and no row.

InnoDB's optimiser looks into the pages of indexes, so that statistics alone do not make it plan as
production does: `left_out` says that sizes are not in it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.closing import Closing
from dbspecialist.twins.commands import wait_until_told
from dbspecialist.twins.mysql.load import OWNER
from dbspecialist.twins.mysql.stage import Stage, open_stage

#: What the twin does not have, for who opens it.
NO_SIZES = "sizes: tables are empty, and plans are those of empty tables"


class MySQLTwin(Closing):
    """A running twin; made by `open_mysql_twin`, and gone with the block that it opens.

    Args:
        stage: The server with the schema.
        stack: What ends it.
    """

    def __init__(self, stage: Stage, stack: contextlib.ExitStack, ready_ms: float) -> None:
        self.stage, self._stack, self.ready_ms = stage, stack, ready_ms
        self.database = stage.database
        self.left_out = (*stage.left_out, NO_SIZES)

    @property
    def version(self) -> str:
        """The server's version ("10.11.19")."""
        return self.stage.server.version

    @property
    def url(self) -> str:
        """A URL for the account that owns the database and has no right over the server."""
        return self.stage.server.url(self.database, OWNER)

    def environment(self) -> dict[str, str]:
        """Return the variables that clients look for."""
        socket = self.stage.server.client(self.database).get("unix_socket")
        return {"DATABASE_URL": self.url} | ({"MYSQL_UNIX_PORT": socket} if socket else {})

    def wait(self, ready: Callable[[], object] | None = None) -> None:
        """Wait until SIGINT or SIGTERM comes or the process that started this one ends.

        Args:
            ready: Called first, with the signals heard already.
        """
        wait_until_told(ready)

    def close(self) -> None:
        """Stop the server and remove everything it had."""
        self._stack.close()


def open_mysql_twin(
    snapshot: Snapshot, *, progress: Callable[[str], None] | None = None
) -> MySQLTwin:
    """Start a throwaway server and create a snapshot's schema in it.

    Args:
        progress: Called with each step, a clause.

    Raises:
        InputError: Where no server is found or it does not start.
    """
    started = time.perf_counter()
    if progress is not None:
        progress("starting a server")
    stack = contextlib.ExitStack()
    stage = stack.enter_context(open_stage(snapshot))
    return MySQLTwin(stage, stack, (time.perf_counter() - started) * 1000)
