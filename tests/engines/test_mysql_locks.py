"""What the words of `LOCK=` mean in metadata locks, seen while the engine works."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from pymysql.err import MySQLError

from dbspecialist.engines.mysql.driver import Connection, execute, rows
from dbspecialist.facts.locks import BLOCKS
from dbspecialist.proofs.mysql.effects import MODES
from dbspecialist.twins.mysql.server import Server

pytestmark = pytest.mark.needs_mariadb

LOCKS = """
SELECT lock_mode FROM information_schema.metadata_lock_info
WHERE thread_id = %s AND table_name = 'big' AND lock_type = 'Table metadata lock'
"""
STATES = "SELECT state FROM information_schema.processlist WHERE id = %s"


@pytest.fixture(scope="module")
def admin(mariadb: Server) -> Iterator[Connection]:
    with contextlib.closing(mariadb.connect()) as connection:
        execute(connection, "DROP DATABASE IF EXISTS locks")
        execute(connection, "CREATE DATABASE locks")
        connection.select_db("locks")
        execute(connection, "CREATE TABLE big (id INT PRIMARY KEY, a INT, b TEXT)")
        execute(connection, "INSERT INTO big SELECT seq, seq, md5(seq) FROM seq_1_to_60000")
        yield connection
        execute(connection, "DROP DATABASE locks")


def number(connection: Connection) -> int:
    return int(rows(connection, "SELECT connection_id()")[0][0])


def test_table_that_a_new_foreign_key_refers_to_is_kept_from_writes_as_long(
    mariadb: Server, admin: Connection
) -> None:
    execute(admin, "CREATE TABLE child (id INT PRIMARY KEY, big INT, KEY (big))")
    execute(admin, "INSERT INTO child SELECT seq, seq FROM seq_1_to_60000")
    statement = "ALTER TABLE child ADD FOREIGN KEY (big) REFERENCES big (id)"
    seen = modes_during(mariadb, admin, statement)
    execute(admin, "DROP TABLE child")
    assert max(seen, key=lambda mode: seen[mode]) == "MDL_SHARED_NO_WRITE"


def modes_during(server: Server, admin: Connection, statement: str) -> dict[str, int]:
    """Run a statement and count the modes that its session is seen to hold on the table."""
    seen: dict[str, int] = {}
    with contextlib.closing(server.connect("locks")) as session:
        own = number(session)
        worker = threading.Thread(target=execute, args=(session, statement))
        worker.start()
        while worker.is_alive():
            for (mode,) in rows(admin, LOCKS, [own]):
                seen[mode] = seen.get(mode, 0) + 1
        worker.join()
    return seen


@pytest.mark.parametrize(
    ("statement", "lock"),
    [
        ("ALTER TABLE big MODIFY a BIGINT, ALGORITHM=COPY, LOCK=SHARED", "SHARED"),
        ("ALTER TABLE big FORCE, ALGORITHM=INPLACE, LOCK=NONE", "NONE"),
        ("ALTER TABLE big FORCE, ALGORITHM=INPLACE, LOCK=SHARED", "SHARED"),
        ("ALTER TABLE big FORCE, ALGORITHM=INPLACE, LOCK=EXCLUSIVE", "EXCLUSIVE"),
    ],
)
def test_lock_is_held_as_its_metadata_lock_while_the_engine_works(
    mariadb: Server, admin: Connection, statement: str, lock: str
) -> None:
    seen = modes_during(mariadb, admin, statement)
    assert max(seen, key=lambda mode: seen[mode]) == MODES[lock]


@pytest.mark.parametrize("how", ["READ", "WRITE"])
def test_metadata_lock_blocks_what_is_said_of_its_mode(
    mariadb: Server, admin: Connection, how: str
) -> None:
    with (
        contextlib.closing(mariadb.connect("locks")) as holder,
        contextlib.closing(mariadb.connect("locks")) as other,
    ):
        execute(holder, f"LOCK TABLES big {how}")
        (mode,) = {mode for (mode,) in rows(admin, LOCKS, [number(holder)])}
        execute(other, "SET SESSION lock_wait_timeout = 1")
        waits = {
            "reads": not passes(other, "SELECT a FROM big WHERE id = 1"),
            "writes": not passes(other, "UPDATE big SET a = 1 WHERE id = 1"),
            "ddl": not passes(other, "ALTER TABLE big COMMENT 'x', ALGORITHM=INSTANT"),
        }
    assert {kind for kind, waited in waits.items() if waited} == set(BLOCKS[mode])


def passes(session: Connection, statement: str) -> bool:
    try:
        execute(session, statement)
    except MySQLError as error:
        assert error.args[0] == 1205
        return False
    return True


def test_instant_alter_waits_for_a_reader_and_later_readers_wait_for_it(
    mariadb: Server, admin: Connection
) -> None:
    with (
        contextlib.closing(mariadb.connect("locks")) as reader,
        contextlib.closing(mariadb.connect("locks")) as migration,
        contextlib.closing(mariadb.connect("locks")) as later,
    ):
        execute(reader, "START TRANSACTION")
        rows(reader, "SELECT a FROM big WHERE id = 1")
        waiting = number(migration)
        statement = "ALTER TABLE big ADD COLUMN c INT, ALGORITHM=INSTANT, LOCK=NONE"
        worker = threading.Thread(target=execute, args=(migration, statement))
        worker.start()
        deadline = time.monotonic() + 10
        while rows(admin, STATES, [waiting]) != [("Waiting for table metadata lock",)]:
            assert time.monotonic() < deadline
        execute(later, "SET SESSION lock_wait_timeout = 1")
        assert not passes(later, "SELECT a FROM big WHERE id = 1")
        execute(reader, "COMMIT")
        worker.join()
        assert passes(later, "SELECT c FROM big WHERE id = 1")
