"""The grounds of the rules on concurrent builds that one session cannot show."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.twins.cluster import Cluster

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def older(cluster: Cluster, database: Connection) -> Any:
    """A session that keeps a snapshot open, having read another table alone."""
    database.execute("CREATE TABLE orders AS SELECT 1 AS user_id")
    database.execute("CREATE TABLE elsewhere AS SELECT 1 AS n")
    with cluster.connect(database.info.dbname) as session:
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.execute("SELECT count(*) FROM elsewhere")
        yield session
        session.execute("ROLLBACK")


def valid(database: Connection) -> list[bool]:
    rows = database.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('i')")
    return [row[0] for row in rows]


BUILD = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders(user_id)"


@pytest.mark.parametrize("name", ["lock_timeout", "statement_timeout"])
def test_time_out_of_a_concurrent_build_leaves_an_invalid_index(
    database: Connection, older: Connection, name: str
) -> None:
    database.execute(f"SET {name} = '100ms'".encode())
    with pytest.raises((psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled)):
        database.execute(BUILD)
    assert valid(database) == [False]


def test_if_not_exists_takes_an_invalid_index_for_done(
    database: Connection, older: Connection
) -> None:
    database.execute("SET lock_timeout = '100ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        database.execute(BUILD)
    older.execute("ROLLBACK")
    database.execute(BUILD)
    assert valid(database) == [False]
    database.execute("DROP INDEX CONCURRENTLY i")
    database.execute(BUILD)
    assert valid(database) == [True]


def test_build_without_time_out_outlives_the_older_transaction(
    database: Connection, older: Connection
) -> None:
    older.execute("ROLLBACK")
    database.execute(BUILD)
    assert valid(database) == [True]


def test_time_out_of_a_concurrent_drop_leaves_an_invalid_index(
    cluster: Cluster, database: Connection
) -> None:
    database.execute("CREATE TABLE orders AS SELECT 1 AS user_id")
    database.execute("CREATE INDEX i ON orders(user_id)")
    with cluster.connect(database.info.dbname) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT user_id FROM orders")
        database.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            database.execute("DROP INDEX CONCURRENTLY i")
        assert valid(database) == [False]
