"""A stage: one throwaway server with production's schema, made anew for each pass."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from dbspecialist.engines.mysql.catalogue import read_catalogue
from dbspecialist.engines.mysql.driver import Connection, MySQLError, execute, rows
from dbspecialist.engines.mysql.server import is_url
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.mysql.installation import VARIABLE
from dbspecialist.twins.mysql.load import OWNER, apply_settings, create_database, load_catalogue
from dbspecialist.twins.mysql.scratch import ScratchServer, open_scratch
from dbspecialist.twins.mysql.server import Server, start_server

#: After how long a statement is stopped and called unchecked.
STATEMENT_SECONDS = 20.0
#: What the session waits longer than that, for a migration that lifts the time-out.
GRACE_SECONDS = 10.0
#: The database's name where no snapshot tells it.
DATABASE = "app"


class Stage:
    """A server on which migrations are tried.

    Args:
        server: The server.
        snapshot: What stands for production.
        statement_seconds: After how long a statement of a migration is stopped.
    """

    statement_seconds = STATEMENT_SECONDS

    def __init__(self, server: Server | ScratchServer, snapshot: Snapshot | None) -> None:
        self.server, self.snapshot = server, snapshot
        self.database = (snapshot.database if snapshot else "") or DATABASE
        self.left_out: tuple[str, ...] = ()
        self.ready_ms = 0.0
        self._is_new = False

    @property
    def engine(self) -> str:
        """The engine that is asked: `mariadb` or `mysql`."""
        return self.server.engine

    def admin(self) -> Connection:
        """Open a connection that may see everything."""
        return self.server.connect()

    def session(self) -> Connection:
        """Open a connection of the account that runs migrations, whose statements end in time."""
        self._is_new = False
        seconds = self.statement_seconds
        session = self.server.connect(self.database, OWNER, read_timeout=seconds + GRACE_SECONDS)
        if self.engine == "mariadb":
            execute(session, f"SET SESSION max_statement_time = {seconds}")
        return session

    def renew(self) -> None:
        """Make production's database anew, without rows, unless nobody has used it yet."""
        if self._is_new:
            return
        with contextlib.closing(self.admin()) as admin:
            end_sessions(admin)
            left_out = apply_settings(admin, self.snapshot) if self.snapshot else []
            create_database(admin, self.database, self.snapshot, self.server.account)
        if self.snapshot is not None:
            with contextlib.closing(self.session()) as session:
                left_out += load_catalogue(session, self.snapshot.catalogue)
            if self.snapshot.engine != self.engine:
                left_out.append(
                    f"{self.snapshot.engine}: {self.engine} {self.server.version} stands in for "
                    "it, whose algorithms and locks may differ"
                )
        self.left_out = tuple(left_out)
        self._is_new = True

    def read(self, *, texts: bool = True) -> Catalogue:
        """Read the catalogue as it is now, with the SQL that makes its tables or without."""
        with contextlib.closing(self.server.connect(self.database)) as admin:
            return read_catalogue(admin, self.database, self.engine, texts=texts)


def end_sessions(admin: Connection) -> None:
    """End what still runs for migrations: it would keep its tables from being dropped."""
    query = "SELECT id FROM information_schema.processlist WHERE user = %s"
    for (number,) in rows(admin, query, [OWNER]):
        with contextlib.suppress(MySQLError):  # it has ended meanwhile
            execute(admin, f"KILL {number}")


@contextlib.contextmanager
def open_stage(
    snapshot: Snapshot | None = None,
    *,
    engine: str = "",
    server: Server | ScratchServer | None = None,
) -> Iterator[Stage]:
    """Open a stage with production's schema and settings.

    Args:
        snapshot: What stands for production, or nothing for an empty database.
        engine: The engine where no snapshot tells it.
        server: A running server to use, which is left running.

    Raises:
        InputError: Where no server is found or it does not start.
    """
    started = time.perf_counter()
    wanted = snapshot.engine if snapshot else engine
    with contextlib.ExitStack() as stack:
        options = _options(snapshot)
        used = server or stack.enter_context(server_for(wanted, options))
        stage = Stage(used, snapshot)
        stage.renew()
        stage.ready_ms = (time.perf_counter() - started) * 1000
        yield stage


def server_for(
    engine: str, options: Mapping[str, str]
) -> AbstractContextManager[Server | ScratchServer]:
    """Start a throwaway server, or take the scratch server whose URL `DBS_MYSQLD` holds."""
    named = os.environ.get(VARIABLE, "")
    return open_scratch(named) if is_url(named) else start_server(engine, options)


def _options(snapshot: Snapshot | None) -> dict[str, str]:
    """Return what only a server's start can set."""
    names = snapshot.settings.get("lower_case_table_names") if snapshot else None
    # 2 is for file systems that do not tell case: macOS's.
    return {"lower-case-table-names": names} if names in {"0", "1"} else {}
