from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.role import Role
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import Connection, open_stage
from dbspecialist.twins.stage_roles import OWNER

ROLES = (
    Role("roles test boss", ("SUPERUSER", "LOGIN")),
    Role("roles_test_app", ("LOGIN", "CREATEDB"), ("roles_test_readers", "pg_read_server_files")),
    Role("roles_test_readers", (), ("roles test boss", "pg_read_all_data")),
    Role("dbs_owner", ("SUPERUSER",)),
)
SNAPSHOT = Snapshot(
    engine="postgresql",
    server_version=180000,
    database="shop",
    source="test",
    captured_at="2026-01-01T00:00:00+00:00",
    catalogue=Catalogue(),
    roles=ROLES,
)


@pytest.fixture
def owner(cluster: Cluster) -> Iterator[Connection]:
    with open_stage(SNAPSHOT, cluster=cluster) as stage, stage.database() as database:
        with cluster.connect(database, OWNER) as connection:
            yield connection
        with cluster.connect(database) as admin:
            names = 'roles_test_app, roles_test_readers, "roles test boss"'
            admin.execute(f"DROP OWNED BY {names}; DROP ROLE {names}".encode())


def test_migrations_name_and_change_roles_that_have_nothing_yet(owner: Connection) -> None:
    for statement in (
        "CREATE TABLE t (id int)",
        "GRANT SELECT ON t TO roles_test_readers",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO roles_test_app",
        "CREATE SCHEMA roles_test AUTHORIZATION roles_test_app",
        "ALTER ROLE roles_test_readers SET lock_timeout = '5s'",
        "SET ROLE roles_test_app",
    ):
        owner.execute(statement.encode())
    row = owner.execute("SELECT has_table_privilege('public.t', 'SELECT')").fetchone()
    assert row == (True,)  # as a member of the readers


def test_roles_get_no_rights_over_the_twin(owner: Connection) -> None:
    rows = owner.execute("""
        SELECT rolname FROM pg_roles
        WHERE rolname ~ '^roles.test|^dbs_owner$' AND (rolsuper OR rolcanlogin)""").fetchall()
    assert rows == [("dbs_owner",)]
    assert owner.execute(
        "SELECT pg_has_role(current_user, 'pg_read_server_files', 'MEMBER'),"
        " pg_has_role('roles_test_readers', 'pg_read_all_data', 'MEMBER'),"
        " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
    ).fetchone() == (False, True, False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("ALTER ROLE roles_test_app SUPERUSER")
