"""Databases of a stage: copied from a prepared one, and dropped."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg import sql

from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage_roles import OWNER

_USED = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"

#: How long a closed session may take to end.
ENDING_SECONDS = 1.0


def create_database(
    admin: psycopg.Connection[tuple[Any, ...]], name: str, template: str, owner: str = OWNER
) -> None:
    """Make a database as a copy of another; sessions of that one that are ending are waited for."""
    _wait_until_unused(admin, template)
    # A copy of files is faster than one through the WAL where nothing is synced to disk.
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner)
        )
    )


def _wait_until_unused(admin: psycopg.Connection[tuple[Any, ...]], database: str) -> None:
    """Wait for sessions that are ending; CREATE DATABASE looks for them every 0.1 s only."""
    deadline = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < deadline and admin.execute(_USED, (database,)).fetchone():
        time.sleep(0.001)


def drop_database(cluster: Cluster, name: str) -> None:
    """Drop a database, whoever uses it."""
    with cluster.connect() as admin:
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
