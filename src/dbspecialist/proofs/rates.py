"""How fast this machine's engine works, measured once and kept.

The rates turn production's sizes into blocked time. They are those of one backend on data in
memory, so real times are rather longer: the estimates say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.proofs.measuring import kept, seconds_of
from dbspecialist.twins.cluster import Cluster

ROWS = 200_000
_REVISION = 2


@dataclass(frozen=True, slots=True)
class Rates:
    """Work in a second of one backend.

    Args:
        scan_bytes: Bytes of a table read.
        rewrite_bytes: Bytes of a table written anew, without its indexes.
        index_rows: Rows put into a new B-tree.
        check_rows: Rows of a table looked up for a new foreign key.
        modify_rows: Rows updated, with one index.
    """

    scan_bytes: float
    rewrite_bytes: float
    index_rows: float
    check_rows: float
    modify_rows: float


def read_rates(cluster: Cluster) -> Rates:
    """Return this machine's rates, measuring them where that was not done for this version."""
    return kept(f"{cluster.version}-{_REVISION}", Rates, lambda: measure_rates(cluster))


def measure_rates(cluster: Cluster) -> Rates:
    """Measure the rates on tables of 200,000 rows in a database of their own."""
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE IF EXISTS dbs_rates")
        admin.execute("CREATE DATABASE dbs_rates")
    try:
        with cluster.connect("dbs_rates") as connection:
            return _measure(connection)
    finally:
        with cluster.connect() as admin:
            admin.execute("DROP DATABASE dbs_rates WITH (FORCE)")


def _measure(connection: psycopg.Connection[tuple[Any, ...]]) -> Rates:
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.execute("SET max_parallel_maintenance_workers = 0")
    connection.execute("SET maintenance_work_mem = '64MB'")
    connection.execute(
        "CREATE TABLE parent AS SELECT n::bigint AS id, md5(n::text) AS name, n % 97 AS kind, "
        f"now() AS made_at FROM generate_series(1, {ROWS}) n"
    )
    row = connection.execute("SELECT pg_table_size('parent')").fetchone()
    size = float(row[0]) if row else 0.0
    scan = _seconds(connection, "ALTER TABLE parent ADD CHECK (kind >= 0)")
    index = _seconds(connection, "ALTER TABLE parent ADD PRIMARY KEY (id)")
    connection.execute("CREATE TABLE child AS SELECT id, id AS parent_id FROM parent")
    check = _seconds(connection, "ALTER TABLE child ADD FOREIGN KEY (parent_id) REFERENCES parent")
    modify = _seconds(connection, "UPDATE parent SET kind = kind + 1")
    connection.execute("ALTER TABLE parent DROP CONSTRAINT parent_pkey CASCADE")
    rewrite = _seconds(connection, "ALTER TABLE parent ALTER kind TYPE numeric")
    return Rates(
        scan_bytes=size / scan,
        rewrite_bytes=2 * size / rewrite,  # the update left as many dead rows
        index_rows=ROWS / index,
        check_rows=ROWS / check,
        modify_rows=ROWS / modify,
    )


def _seconds(connection: psycopg.Connection[tuple[Any, ...]], statement: str) -> float:
    """Return how long the backend works on a statement, without its waits for a busy machine."""
    backend = connection.info.backend_pid
    return seconds_of(backend, lambda: connection.execute(statement.encode()))
