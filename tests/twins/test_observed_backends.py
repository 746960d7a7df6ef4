from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.observed.observer import Observer
from dbspecialist.twins.stage import open_stage

PATIENCE_SECONDS = 5.0


@pytest.fixture
def observer(cluster: Cluster) -> Iterator[Observer]:
    with (
        open_stage(None, cluster=cluster) as stage,
        stage.database() as database,
        stage.observer(database) as observer,
    ):
        yield observer


def backend_after(observer: Observer, *statements: str) -> int:
    """Run statements in a session of their own, and tell whose it was."""
    with psycopg.connect(observer.url, autocommit=True) as client:
        for statement in statements:
            client.execute(statement.encode())
        backend = client.info.backend_pid
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not is_waiting(observer, backend):
        time.sleep(0.001)
    return backend


def is_waiting(observer: Observer, backend: int) -> bool:
    """Tell whether a backend is gone, or has become a new session."""
    row = observer.connection.execute(
        "SELECT query FROM pg_stat_activity WHERE pid = %s", [backend]
    ).fetchone()
    return row is None or "DISCARD" in row[0]


def value(client: psycopg.Connection[tuple[Any, ...]], sql: str) -> object:
    row = client.execute(sql.encode()).fetchone()
    return row[0] if row else None


def test_next_client_gets_a_warm_backend_with_nothing_of_the_last(observer: Observer) -> None:
    backend = backend_after(
        observer,
        "CREATE TEMP TABLE draft (id int)",
        "SET lock_timeout = '2s'",
        "SELECT pg_advisory_lock(1)",
        "PREPARE one AS SELECT 1",
    )
    time.sleep(0.01)
    with psycopg.connect(observer.url, autocommit=True) as client:
        assert client.info.backend_pid == backend
        assert value(client, "SELECT to_regclass('draft')") is None
        assert value(client, "SHOW lock_timeout") == "0"
        assert value(client, "SELECT count(*) FROM pg_prepared_statements") == 0
        assert value(client, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


def test_next_client_of_one_that_set_nothing_finds_nothing_of_it(observer: Observer) -> None:
    backend = backend_after(
        observer, "CREATE TEMP TABLE draft (id int)", "CREATE SEQUENCE numbers", "BEGIN", "COMMIT"
    )
    with psycopg.connect(observer.url, autocommit=True) as client:
        assert client.info.backend_pid == backend
        assert value(client, "SELECT to_regclass('draft')") is None
        assert value(client, "SHOW search_path") == '"$user", public'


@pytest.mark.parametrize(
    "statement",
    [
        "SET app.tenant = '1'",
        "SELECT set_config('app.tenant', '1', false)",
    ],
)
def test_session_that_leaves_traces_serves_nobody_else(observer: Observer, statement: str) -> None:
    backend = backend_after(observer, statement)
    with psycopg.connect(observer.url, autocommit=True) as client:
        assert client.info.backend_pid != backend


def test_new_defaults_of_the_role_hold_for_the_next_client(observer: Observer) -> None:
    backend_after(observer, "ALTER ROLE CURRENT_USER SET lock_timeout = '3s'")
    try:
        time.sleep(0.01)
        with psycopg.connect(observer.url, autocommit=True) as client:
            assert value(client, "SHOW lock_timeout") == "3s"
    finally:
        backend_after(observer, "ALTER ROLE CURRENT_USER RESET lock_timeout")
