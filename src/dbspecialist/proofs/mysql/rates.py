"""How fast this machine's InnoDB works, measured once and kept.

The rates are those of one session on data in memory, so real times are rather longer.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from functools import partial

from dbspecialist.engines.mysql.driver import Connection, execute
from dbspecialist.proofs.measuring import kept, seconds_of
from dbspecialist.twins.mysql.scratch import ScratchServer
from dbspecialist.twins.mysql.server import Server

ROWS = 100_000
_REVISION = 2
_DATABASE = "dbs_rates"


@dataclass(frozen=True, slots=True)
class Rates:
    """Work in a second of one session.

    Args:
        copy_rows: Rows that ALGORITHM=COPY writes to a new table with one secondary index.
        rebuild_rows: Rows that ALGORITHM=INPLACE writes anew.
        index_rows: Rows put into a new index.
        modify_rows: Rows updated, with one index.
    """

    copy_rows: float
    rebuild_rows: float
    index_rows: float
    modify_rows: float


def read_rates(server: Server | ScratchServer) -> Rates:
    """Return this machine's rates, measuring them where that was not done for this version."""
    name = f"{server.engine}-{server.version}-{_REVISION}"
    if server.process is None:
        return measure_rates(server)  # the other machine's, which is not known by a name
    return kept(name, Rates, lambda: measure_rates(server))


def measure_rates(server: Server | ScratchServer) -> Rates:
    """Measure the rates on a table of 100,000 rows in a database of its own."""
    with contextlib.closing(server.connect()) as admin:
        execute(admin, f"DROP DATABASE IF EXISTS {_DATABASE}")
        execute(admin, f"CREATE DATABASE {_DATABASE}")
        try:
            admin.select_db(_DATABASE)
            return _measure(admin, server.process)
        finally:
            execute(admin, f"DROP DATABASE {_DATABASE}")


def _measure(connection: Connection, process: int | None) -> Rates:
    seconds = partial(_seconds, connection, process)
    execute(
        connection,
        "CREATE TABLE t (id BIGINT PRIMARY KEY, kind INT, name VARCHAR(40), made_at DATETIME) "
        "ENGINE=InnoDB",
    )
    digits = "(SELECT 0 n" + "".join(f" UNION ALL SELECT {n}" for n in range(1, 10)) + ")"
    number = " + ".join(f"{10**place} * d{place}.n" for place in range(5))
    execute(
        connection,
        f"INSERT INTO t SELECT {number}, ({number}) % 97, md5({number}), now() FROM "
        + " CROSS JOIN ".join(f"{digits} d{place}" for place in range(5)),
    )
    index = seconds("ALTER TABLE t ADD INDEX (kind), ALGORITHM=INPLACE")
    rebuild = seconds("ALTER TABLE t FORCE, ALGORITHM=INPLACE")
    copy = seconds("ALTER TABLE t FORCE, ALGORITHM=COPY")
    modify = seconds("UPDATE t SET kind = kind + 1")
    return Rates(ROWS / copy, ROWS / rebuild, ROWS / index, ROWS / modify)


def _seconds(connection: Connection, process: int | None, statement: str) -> float:
    """Return how long the server's threads work on a statement."""
    if process is None:
        started = time.perf_counter()
        execute(connection, statement)
        return time.perf_counter() - started
    return seconds_of(process, lambda: execute(connection, statement))
