"""Schemas in .sql files: they come from pull requests, and run without a superuser's rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.schema_road import Road
from dbspecialist.tasks.sources import snapshot_of_sql
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.sides import Sides, open_sides

#: Statements, and what the one line about each says.
FORBIDDEN = {
    "COPY (SELECT 1) TO PROGRAM 'true'": "permission denied to COPY to or from an external program",
    "COPY (SELECT 1) TO '/tmp/out'": "permission denied to COPY to a file",
    "SELECT pg_read_file('/etc/passwd')": "permission denied for function pg_read_file",
    "CREATE TABLE t (a text DEFAULT pg_read_file('/etc/passwd')); INSERT INTO t DEFAULT VALUES": (
        "permission denied for function pg_read_file"
    ),
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'getpid'": (
        "permission denied for language c"
    ),
    "CREATE FUNCTION f(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'": (
        "permission denied for language internal"
    ),
    "ALTER SYSTEM SET work_mem = '1GB'": 'permission denied to set parameter "work_mem"',
    "SELECT lo_import('/etc/passwd')": "permission denied for function lo_import",
    "LOAD 'auto_explain'": 'access to library "auto_explain" is not allowed',
    "SET ROLE postgres": 'permission denied to set role "postgres"',
    "RESET ROLE; ALTER ROLE dbs_loader SUPERUSER; SELECT pg_read_file('/etc/passwd')": (
        "permission denied for function pg_read_file"
    ),
    "CREATE EXTENSION dblink; SELECT * FROM dblink('host=/tmp', 'SELECT 1') AS t (a int)": (
        "dblink: a twin opens no connection"
    ),
    "CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw;"
    "CREATE FOREIGN TABLE f (a text) SERVER s OPTIONS (filename '/etc/passwd');"
    "CREATE TABLE t AS SELECT * FROM f": 'foreign-data wrapper "file_fdw" has no handler',
    "CREATE EXTENSION plpython3u; CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'open()';"
    "CREATE TABLE t AS SELECT f()": 'syntax error at or near "open"',
}


@pytest.mark.parametrize("statements", FORBIDDEN)
def test_statement_that_needs_a_superuser_is_refused_in_one_line(
    tmp_path: Path, statements: str
) -> None:
    file = tmp_path / "schema.sql"
    file.write_text(f"CREATE TABLE first (id int);\n{statements};\n")
    with pytest.raises(InputError) as caught:
        snapshot_of_sql(file)
    assert FORBIDDEN[statements] in caught.value.what
    assert caught.value.where == f"{file}:2"
    assert "\n" not in str(caught.value)


@pytest.fixture
def sides(cluster: Cluster) -> Iterator[Sides]:
    with open_sides(cluster) as opened:
        yield opened


@pytest.mark.parametrize("statements", [text for text in FORBIDDEN if ";" not in text])
def test_side_of_a_diff_is_refused_as_well(sides: Sides, statements: str) -> None:
    with pytest.raises(InputError) as caught:
        sides.of_script(split_script(statements), Path("schema.sql"))
    assert FORBIDDEN[statements] in caught.value.what


def test_statement_of_a_diff_has_no_rights_either(sides: Sides) -> None:
    database = sides.of_script(split_script("CREATE TABLE t (id int)"), Path("schema.sql"))
    statement = "ALTER TABLE t ADD COLUMN a text DEFAULT pg_catalog.pg_read_file('/etc/passwd')"
    assert sides.run(database, [f"SET search_path = public; {statement}"]) == (
        f"statement 1 (SET search_path = public; {statement}):"
        " permission denied for function pg_read_file"
    )


def test_nobody_is_a_superuser_while_a_file_runs(sides: Sides) -> None:
    file = """
        CREATE TABLE ran (role name);
        GRANT ALL ON ran TO PUBLIC;
        CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql SET search_path = public
          AS $$ BEGIN INSERT INTO ran VALUES (current_user), (session_user); END $$;
        CREATE FUNCTION put() RETURNS boolean LANGUAGE plpgsql SET search_path = public
          AS $$ BEGIN INSERT INTO ran VALUES (current_user), (session_user); RETURN true; END $$;
        CREATE FUNCTION trap() RETURNS boolean IMMUTABLE LANGUAGE plpgsql SET search_path = public
          AS $$ BEGIN RETURN put(); END $$;
        CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note();
        CREATE EVENT TRIGGER entry ON login EXECUTE FUNCTION note();
        CREATE TABLE t (id int, CHECK (trap()));
        INSERT INTO t VALUES (1);
        ALTER TABLE t OWNER TO alice;
        CREATE INDEX ON t ((trap()));
        CREATE EXTENSION citext;
        CREATE OPERATOR FAMILY fam USING btree;
    """
    database = sides.of_script(split_script(file), Path("schema.sql"))
    sides.dump(database)
    assert sides.run(database, ["CREATE TABLE public.u (id int)"]) == ""
    with sides.connect(database) as connection:
        found = connection.execute("SELECT DISTINCT role::text FROM public.ran ORDER BY 1")
        roles = {name for (name,) in found}
        supers = connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper").fetchall()
    assert supers == [("postgres",)]
    assert roles == {"alice", "dbs_loader", "dbs_runner"}


def test_what_makes_no_schema_is_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "schema.sql"
    file.write_text(
        "CREATE ROLE app SUPERUSER LOGIN;\nGRANT pg_read_server_files TO app;\n"
        "BEGIN;\nCREATE SCHEMA inner_part;\nCREATE TABLE inner_part.t (id int);\n"
        "alter table inner_part.t  owner to app;\nCOMMIT;\n"
        "CREATE TABLE u (id int);\nALTER TABLE u OWNER TO postgres;\n"
        "SET SESSION AUTHORIZATION 'app';\nRESET ROLE;\nCREATE TABLE v (id int);\n"
        "COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL; it''s there';\n"
    )
    found = snapshot_of_sql(file)
    owners = {item.name: item.attributes["owner"] for item in found.catalogue.of_kind("table")}
    assert owners == {"inner_part.t": "app", "public.u": "dbs_owner", "public.v": "dbs_owner"}
    assert found.unseen == (
        f"{file}:1: left out (permission denied to create role)",
        f'{file}:2: left out (permission denied to grant role "pg_read_server_files")',
    )


def test_file_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbspecialist.twins.scripts.STATEMENT_SECONDS", 1)
    file = tmp_path / "schema.sql"
    file.write_text("SELECT pg_sleep(60)")
    with pytest.raises(InputError, match="the statement did not end in time; it has 1 s"):
        snapshot_of_sql(file)


def test_owners_are_compared_where_both_sides_state_them(sides: Sides) -> None:
    text = (
        "CREATE TABLE a (); CREATE TABLE b (); ALTER TABLE a OWNER TO {}; ALTER TABLE b OWNER TO {}"
    )
    start, goal = (
        sides.of_script(split_script(text.format(*owners)), Path("schema.sql"))
        for owners in (("alice", "postgres"), ("bob", "alice"))
    )
    script = Road(sides, start, goal, lambda _: False).walk()
    assert script.statements == ("ALTER TABLE public.a OWNER TO bob",)
    assert script.proven


def test_file_that_takes_its_time_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbspecialist.twins.sides.STATEMENT_SECONDS", 0.5)
    monkeypatch.setattr("dbspecialist.twins.guard.ASKED_AFTER", 0.0)
    statements = split_script("SET statement_timeout = 0; SELECT pg_sleep(60)")
    with open_sides() as sides, pytest.raises(InputError, match="did not end in time"):
        sides.of_script(statements, Path("schema.sql"))
