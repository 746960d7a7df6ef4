from __future__ import annotations

from typing import Any

import psycopg

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.role import Role
from dbspecialist.twins.cluster import Cluster


def test_roles_are_read_by_a_role_that_has_no_rights(
    cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]]
) -> None:
    name = database.info.dbname
    database.execute(
        f"CREATE ROLE {name}_readers; CREATE ROLE {name}_plain LOGIN CREATEDB;"
        f" GRANT {name}_readers, pg_monitor TO {name}_plain".encode()
    )
    try:
        roles = capture(cluster.url(name, f"{name}_plain"), workload=False).roles
    finally:
        database.execute(f"DROP ROLE {name}_readers, {name}_plain".encode())
    mine = [item for item in roles if item.name.startswith(name)]
    assert mine == [
        Role(f"{name}_plain", ("CREATEDB", "LOGIN"), ("pg_monitor", f"{name}_readers")),
        Role(f"{name}_readers"),
    ]
    assert not [item.name for item in roles if item.name.startswith("pg_")]
