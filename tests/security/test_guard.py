"""Statements that do not want to end, and such as fill the disk."""

from __future__ import annotations

import contextlib
import threading
import time

import psycopg
import pytest

from dbspecialist.facts.effects import OUT_OF_TIME, EngineError
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.guard import ENDED_AFTER, Guard, disk_bytes, guarded

STUBBORN = """
DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60);
EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$
"""


@pytest.fixture
def role(cluster: Cluster) -> str:
    with cluster.connect() as admin:
        admin.execute("DROP ROLE IF EXISTS looped; CREATE ROLE looped LOGIN")
    return "looped"


def test_statement_is_asked_to_stop(cluster: Cluster, role: str) -> None:
    with guarded(cluster, [role], 0.0), cluster.connect(user=role) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled) as caught:
            connection.execute("SELECT pg_sleep(60)")
        assert EngineError("57014", str(caught.value.diag.message_primary)).stopped
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_statement_that_will_not_stop_loses_its_session(cluster: Cluster, role: str) -> None:
    started = time.monotonic()
    with guarded(cluster, [role], 0.0), cluster.connect(user=role) as connection:
        with pytest.raises(psycopg.OperationalError):
            connection.execute(STUBBORN)
        assert connection.closed
    assert time.monotonic() - started < ENDED_AFTER + 5


def test_other_roles_are_left_alone(cluster: Cluster, role: str) -> None:
    with guarded(cluster, [role], -10.0), cluster.connect() as connection:
        connection.execute("SELECT pg_sleep(2)")


def test_disk_is_not_filled() -> None:
    with start_cluster() as server, server.connect() as admin:
        admin.execute("CREATE TABLE full_of_it (t text)")
        admin.execute("ALTER TABLE full_of_it ALTER t SET STORAGE EXTERNAL")
        admin.execute("CREATE ROLE writer LOGIN; ALTER TABLE full_of_it OWNER TO writer")
        guard = Guard(server, ["writer"], seconds=60, most_bytes=disk_bytes(server.folder) + 10**8)
        try:
            with (
                server.connect(user="writer") as connection,
                pytest.raises(psycopg.errors.QueryCanceled),
            ):
                connection.execute(
                    "INSERT INTO full_of_it"
                    " SELECT repeat('x', 1000) FROM generate_series(1, 1000000000000)"
                )
        finally:
            guard.close()
        assert disk_bytes(server.folder) < 5 * 10**9


def test_guard_outlives_its_server() -> None:
    with start_cluster() as server:
        guard = Guard(server, ["writer"], seconds=60)
        server.stop()
        time.sleep(1.5)
        guard.close()
    assert "guard" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("sqlstate", "message", "stopped"),
    [
        ("57014", "canceling statement due to user request", True),
        ("57014", OUT_OF_TIME, True),
        ("57014", "canceling statement due to statement timeout", False),
        ("53100", 'could not extend file "base/5/16384": No space left on device', True),
        ("53200", "out of memory", True),
        ("57P01", "terminating connection due to administrator command", True),
        ("42P01", 'relation "t" does not exist', False),
    ],
)
def test_errors_of_the_machine_are_told_apart(sqlstate: str, message: str, stopped: bool) -> None:
    assert EngineError(sqlstate, message).stopped is stopped


def test_transaction_of_many_statements_is_ended(cluster: Cluster, role: str) -> None:
    with guarded(cluster, [], 2.0, whole=[role]), cluster.connect(user=role) as connection:
        connection.execute("SET statement_timeout = '200ms'")
        with pytest.raises(psycopg.OperationalError), connection.transaction():
            for _ in range(100):
                with contextlib.suppress(psycopg.errors.QueryCanceled), connection.transaction():
                    connection.execute("SELECT pg_sleep(60)")
