from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from recreate import dump, recreate

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import differences
from dbspecialist.twins.cluster import Cluster

HERE = Path(__file__).parent

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def second(cluster: Cluster, database: Connection) -> Iterator[Connection]:
    name = f"{database.info.dbname}_second"
    with cluster.connect() as admin:
        admin.execute(f"CREATE DATABASE {name}")
    with cluster.connect(name) as connection:
        yield connection
    with cluster.connect() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("schema", ["rich_schema.sql", "schema_18.sql"])
def test_create_texts_recreate_the_same_catalogue_and_dump(
    cluster: Cluster, database: Connection, second: Connection, schema: str
) -> None:
    database.execute((HERE / schema).read_bytes())
    catalogue = read_catalogue(database)
    recreate(catalogue, second)
    assert differences(catalogue, read_catalogue(second)) == ()
    program = cluster.installation.program("pg_dump")
    assert dump(program, second) == dump(program, database)


def test_the_rich_schema_has_every_kind(database: Connection) -> None:
    database.execute((HERE / "rich_schema.sql").read_bytes())
    assert {item.kind for item in read_catalogue(database).objects} == {
        "aggregate",
        "cast",
        "collation",
        "column",
        "comment",
        "composite type",
        "constraint",
        "default privileges",
        "domain",
        "domain constraint",
        "enum",
        "event trigger",
        "extension",
        "foreign data wrapper",
        "foreign table",
        "function",
        "grant",
        "index",
        "materialized view",
        "operator",
        "operator class",
        "operator family",
        "partition",
        "policy",
        "procedure",
        "publication",
        "range",
        "rule",
        "schema",
        "sequence",
        "server",
        "statistics",
        "table",
        "text search configuration",
        "text search dictionary",
        "trigger",
        "view",
    }


def test_options_that_may_hold_secrets_are_not_read(database: Connection) -> None:
    database.execute("CREATE FOREIGN DATA WRAPPER w OPTIONS (password 'hidden', host 'h')")
    catalogue = read_catalogue(database)
    wrapper = catalogue.get("foreign data wrapper", "w")
    assert wrapper is not None
    assert wrapper.attributes["options"] == "OPTIONS (\"host\" 'h')"
    assert "hidden" not in repr(catalogue)


def test_equal_schemas_with_dropped_columns_give_equal_catalogues(
    database: Connection, second: Connection
) -> None:
    database.execute("CREATE TABLE t (gone int, a int NOT NULL, b text DEFAULT 'x')")
    database.execute("ALTER TABLE t DROP COLUMN gone")
    second.execute("CREATE TABLE t (a int NOT NULL, b text DEFAULT 'x')")
    assert differences(read_catalogue(database), read_catalogue(second)) == ()


def test_column_attributes_are_the_engines_words(database: Connection) -> None:
    database.execute("CREATE TABLE t (a varchar(20) COLLATE \"C\" NOT NULL DEFAULT 'x'::varchar)")
    column = read_catalogue(database).get("column", "public.t.a")
    assert column is not None
    assert dict(column.attributes) == {
        "position": "1",
        "type": "character varying(20)",
        "not_null": "true",
        "default": "'x'::character varying",
        "collation": '"C"',
    }


def test_create_table_text_is_complete(database: Connection) -> None:
    database.execute("CREATE TABLE t (id int PRIMARY KEY, b text DEFAULT 'x')")
    table = read_catalogue(database).get("table", "public.t")
    assert table is not None
    assert table.create == (
        "CREATE TABLE public.t (\n"
        "    id integer NOT NULL,\n"
        "    b text DEFAULT 'x'::text\n"
        ")\n"
        "USING heap;\n"
        "ALTER TABLE public.t OWNER TO postgres"
    )


def test_objects_of_an_extension_are_left_out_and_their_users_name_it(
    database: Connection,
) -> None:
    database.execute("CREATE EXTENSION citext")
    database.execute("CREATE TABLE t (a citext[], b int)")
    database.execute("CREATE VIEW v AS SELECT b FROM t")
    catalogue = read_catalogue(database)
    assert not list(catalogue.of_kind("function"))
    needed = {item.name: item.extension for item in catalogue.of_kind("table", "column", "view")}
    assert needed["public.t"] == "citext"
    assert needed["public.t.a"] == "citext"
    assert needed["public.t.b"] == ""
    assert needed["public.v"] == "citext"


def test_objects_come_in_creation_order(database: Connection) -> None:
    database.execute("""
        CREATE TABLE a (id int PRIMARY KEY);
        CREATE TABLE b (id int PRIMARY KEY);
        ALTER TABLE a ADD COLUMN b_id int REFERENCES b;
        ALTER TABLE b ADD COLUMN a_id int REFERENCES a;
        CREATE VIEW z AS SELECT id FROM a;
        CREATE VIEW y AS SELECT id FROM z;
        CREATE FUNCTION later(y) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        CREATE TABLE needs_function (v y, n int DEFAULT later(NULL));
    """)
    names = [item.name for item in read_catalogue(database).objects]
    for before, after in [
        ("public.z", "public.y"),
        ("public.y", "public.later(public.y)"),
        ("public.later(public.y)", "public.needs_function"),
        ("public.b.b_pkey", "public.a.a_b_id_fkey"),
        ("public.a.a_pkey", "public.b.b_a_id_fkey"),
    ]:
        assert names.index(before) < names.index(after)


def test_reading_inside_a_transaction_leaves_its_settings_and_locks(
    database: Connection,
) -> None:
    database.execute("CREATE TABLE t (a int, CHECK (a > 0))")
    with database.transaction():
        database.execute("SET LOCAL search_path = public, pg_catalog")
        database.execute("CREATE TABLE fresh (a int)")
        catalogue = read_catalogue(database)
        path = database.execute("SHOW search_path").fetchone()
        locked = database.execute(
            "SELECT relation FROM pg_locks WHERE pid = pg_backend_pid()"
            " AND relation = 't'::regclass"
        ).fetchall()
    assert catalogue.get("table", "public.fresh") is not None
    assert path == ("public, pg_catalog",)
    assert locked == []


def test_only_the_wanted_schemas_are_read(database: Connection) -> None:
    database.execute('CREATE SCHEMA "Own One"; CREATE TABLE "Own One".t (a int)')
    database.execute("CREATE TABLE public.t (a int); CREATE SCHEMA dbs_twin")
    database.execute("CREATE TABLE dbs_twin.t (a int)")
    wanted = read_catalogue(database, schemas=["Own One"])
    assert [item.name for item in wanted.of_kind("table")] == ['"Own One".t']
    everything = read_catalogue(database)
    assert [item.name for item in everything.of_kind("table")] == ['"Own One".t', "public.t"]
