"""What a migration's own role cannot do on a twin, and what it cannot hide from the observer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.toolchains.base import Mark
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.observed.observer import Observer
from dbspecialist.twins.stage import Stage, open_stage
from dbspecialist.twins.stage_roles import OWNER

DENIED = "42501"


@pytest.fixture(scope="module")
def stage(cluster: Cluster) -> Iterator[Stage]:
    with open_stage(None, cluster=cluster) as made:
        with cluster.connect(made.template, OWNER) as owner:
            owner.execute("CREATE TABLE orders (id int, total int)")
        yield made


@pytest.fixture
def observer(stage: Stage) -> Iterator[Observer]:
    with stage.database() as database, stage.observer(database) as made:
        made.mark(Mark("1", 1))
        yield made


@pytest.fixture
def migration(observer: Observer) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(observer.url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "COPY orders FROM PROGRAM 'id'",
        "COPY (SELECT 1) TO '/tmp/x'",
        "COPY orders FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_read_binary_file('postgresql.conf')",
        "SELECT pg_ls_dir('/')",
        "SELECT pg_stat_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(lo_creat(-1), '/tmp/x')",
        "LOAD '/tmp/x.so'",
        "LOAD 'auto_explain'",
        "CREATE FUNCTION f(cstring) RETURNS int LANGUAGE c AS 'libc.so.6', 'system'",
        "CREATE FUNCTION f(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
        "CREATE EXTENSION pg_surgery",
        "ALTER SYSTEM SET archive_command = 'id'",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "CREATE ROLE boss SUPERUSER",
        "GRANT postgres TO CURRENT_USER",
        "GRANT pg_execute_server_program TO CURRENT_USER",
        "UPDATE pg_authid SET rolsuper = true",
        "UPDATE pg_proc SET prosrc = 'x'",
        "INSERT INTO pg_auth_members SELECT * FROM pg_auth_members",
        "COPY pg_catalog.pg_proc FROM STDIN",
        "CREATE TABLE pg_catalog.t (a int)",
        "ALTER FUNCTION abs(int) OWNER TO CURRENT_USER",
        "SET session_preload_libraries = 'x'",
        "SET dynamic_library_path = '/tmp'",
        "SET extension_control_path = '/tmp'",
        "SET temp_file_limit = -1",
        "CREATE TABLESPACE x LOCATION '/tmp'",
        "CREATE SUBSCRIPTION s CONNECTION 'host=localhost' PUBLICATION p",
        "SELECT pg_create_physical_replication_slot('x')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "SELECT pg_reload_conf()",
    ],
)
def test_statement_is_denied(
    migration: psycopg.Connection[tuple[Any, ...]], statement: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        migration.execute(statement.encode())
    assert caught.value.sqlstate == DENIED


@pytest.mark.parametrize("extension", ["dblink", "postgres_fdw", "file_fdw"])
def test_extension_that_opens_something_is_a_stand_in(
    migration: psycopg.Connection[tuple[Any, ...]], extension: str
) -> None:
    migration.execute(f"CREATE EXTENSION {extension}")
    row = migration.execute(
        "SELECT count(*) FROM pg_proc p JOIN pg_language l ON l.oid = prolang"
        " JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'"
        " JOIN pg_extension e ON e.oid = d.refobjid WHERE lanname = 'c' AND extname = %s",
        [extension],
    ).fetchone()
    assert row == (0,)


@pytest.mark.parametrize("kind", ["postgres_fdw", "file_fdw"])
def test_foreign_table_is_made_and_reads_nothing(
    migration: psycopg.Connection[tuple[Any, ...]], kind: str
) -> None:
    migration.execute(f"CREATE EXTENSION {kind}")
    migration.execute(f"CREATE SERVER s FOREIGN DATA WRAPPER {kind}")
    migration.execute("CREATE FOREIGN TABLE f (a text) SERVER s OPTIONS (filename '/etc/passwd')")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="has no handler"):
        migration.execute("SELECT * FROM f")


@pytest.mark.parametrize("language", ["plpython3u", "plperlu", "pltclu"])
def test_untrusted_language_runs_nothing(
    migration: psycopg.Connection[tuple[Any, ...]], language: str, tmp_path: Path
) -> None:
    migration.execute(f"CREATE EXTENSION {language}")
    migration.execute(
        f'CREATE FUNCTION f() RETURNS int LANGUAGE {language} AS \'open("{tmp_path}/made", "w")\''
    )
    with pytest.raises(psycopg.errors.SyntaxError):
        migration.execute("SELECT f()")
    assert list(tmp_path.iterdir()) == []


HIDDEN = "DO $$ BEGIN {} ALTER TABLE orders ADD COLUMN a int DEFAULT random() * 9; {} END $$"


@pytest.mark.parametrize(
    "before",
    [
        "SELECT 1",
        "DISCARD ALL",
        "SET client_min_messages = error",
        "SET search_path = evil, pg_catalog, public",
        "ALTER ROLE CURRENT_USER RESET ALL",
        "RESET ALL",
    ],
)
def test_observation_goes_on(
    observer: Observer, migration: psycopg.Connection[tuple[Any, ...]], before: str
) -> None:
    migration.execute(
        "CREATE SCHEMA evil;"
        "CREATE FUNCTION evil.jsonb_build_object(text, jsonb, text, jsonb) RETURNS jsonb"
        " LANGUAGE sql AS $$ SELECT '{}'::jsonb $$"
    )
    migration.execute(before.encode())
    observer.take()
    migration.execute(HIDDEN.format("", "").encode())
    (seen,) = observer.take()
    assert seen.effects.rewrites == {"public.orders": "a default must be computed for every row"}
    assert [lock.mode for lock in seen.effects.locks] == ["AccessExclusiveLock"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT dbs_twin.observe(true, 'x')",
        "DO $$ BEGIN PERFORM dbs_twin.observe(true, ''); END $$",
        "SELECT dbs_twin.note_changes('x', '{}', '{\"public.orders\": 1}')",
        "SELECT dbs_twin.note_statistics('{1}')",
        "INSERT INTO dbs_twin.events (event) VALUES ('{}')",
        "DELETE FROM dbs_twin.events",
        "DELETE FROM dbs_twin.sizes",
        "SELECT * FROM dbs_twin.keys",
        "INSERT INTO dbs_twin.keys VALUES (sha256('x'))",
        "DROP SCHEMA dbs_twin CASCADE",
        "DROP FUNCTION dbs_twin.timeouts()",
        "CREATE TABLE dbs_twin.mine (a int)",
        "CREATE FUNCTION dbs_twin.observe(boolean, unknown) RETURNS jsonb RETURN '{}'::jsonb",
        "DROP EVENT TRIGGER dbs_twin_commands",
        "ALTER EVENT TRIGGER dbs_twin_commands DISABLE",
        "SET event_triggers = off",
        "SET session_replication_role = replica",
        "SET auto_explain.log_min_duration = -1",
        "SET auto_explain.log_nested_statements = off",
        "ALTER FUNCTION dbs_twin.note_drops() SECURITY INVOKER",
        "CREATE TRIGGER t BEFORE INSERT ON dbs_twin.events EXECUTE FUNCTION dbs_twin.timeouts()",
    ],
)
def test_observer_is_not_to_be_touched(
    migration: psycopg.Connection[tuple[Any, ...]], statement: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        migration.execute(statement.encode())
    assert caught.value.sqlstate == DENIED


def test_plans_are_the_engine_s_own(
    observer: Observer, migration: psycopg.Connection[tuple[Any, ...]]
) -> None:
    migration.execute(
        """DO $$ BEGIN RAISE INFO E'duration: 1 ms  plan:\n{"Plan": {"Node Type": "ModifyTable",
        "Schema": "public", "Relation Name": "orders", "Plans": [{"Plan Rows": 9}]}}';
        RAISE INFO E'duration: 1 ms  plan:\nno plan at all'; END $$"""
    )
    (seen,) = observer.take()
    assert seen.effects.rows_modified == {}


def test_session_that_the_server_ends_is_recorded(
    observer: Observer, migration: psycopg.Connection[tuple[Any, ...]]
) -> None:
    with pytest.raises(psycopg.OperationalError):
        migration.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    (seen,) = observer.take()
    assert seen.effects.error is not None
    assert seen.effects.error.sqlstate == "57P01"
    assert seen.effects.unchecked.startswith("stopped by the machine that the twin is on")
