"""A database with a table to backfill, and the role that does it."""

from __future__ import annotations

from typing import Any

import psycopg

from dbspecialist.twins.cluster import Cluster

ROLE = "backfiller"
SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, verified boolean, n int NOT NULL DEFAULT 0,
                    note text, made_at timestamptz NOT NULL DEFAULT '2026-01-01');
INSERT INTO users (id, verified, note)
SELECT n, CASE WHEN n % 3 = 0 THEN true END, 'note ' || n FROM generate_series(1, 500) n;
ANALYZE users;
"""


def prepare(connection: psycopg.Connection[Any], schema: str = SCHEMA) -> None:
    """Make the tables, and give the role what a backfill needs."""
    connection.execute(
        f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )
    connection.execute(schema.encode())
    connection.execute(
        f"GRANT CREATE, USAGE ON SCHEMA public TO {ROLE};"
        f"GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO {ROLE}".encode()
    )


def role_url(cluster: Cluster, connection: psycopg.Connection[Any]) -> str:
    """Return the URL of a connection's database for the role."""
    return cluster.url(connection.info.dbname, ROLE)


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    """Return the one value of a query."""
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
