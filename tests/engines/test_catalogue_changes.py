"""What is read of a changed database over a connection that has read it before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.engines.postgresql.catalogue.changes import memories
from dbspecialist.twins.cluster import Cluster

HERE = Path(__file__).parent

Connection = psycopg.Connection[tuple[Any, ...]]

#: Each is one change to the rich schema, in this order.
CHANGES = (
    "CREATE TABLE app.made (id int PRIMARY KEY, e app.em, o int REFERENCES app.made)",
    "ALTER TABLE app.made ADD COLUMN later text NOT NULL DEFAULT 'x'",
    "ALTER TABLE app.made ALTER later TYPE varchar(30)",
    "CREATE INDEX made_later ON app.made (later) WHERE id > 1",
    "ALTER INDEX app.made_later RENAME TO made_l",
    "ALTER INDEX app.made_l SET (fillfactor = 60)",
    "ALTER TABLE app.made RENAME COLUMN later TO text",
    "ALTER TABLE app.made RENAME TO makes",
    "ALTER TABLE app.makes RENAME CONSTRAINT made_pkey TO makes_key",
    "ALTER TABLE app.makes DROP COLUMN o",
    "DROP TABLE app.makes",
    "ALTER TABLE app.users RENAME COLUMN full_name TO whole_name",
    "ALTER TABLE app.users RENAME TO people",
    "ALTER TABLE app.people RENAME CONSTRAINT em TO em_length",
    "ALTER TABLE app.people VALIDATE CONSTRAINT nv",
    "ALTER TABLE app.people ALTER whole_name SET DEFAULT 'nobody'",
    "ALTER TABLE app.people ALTER whole_name SET NOT NULL",
    "ALTER TABLE app.people ALTER s DROP DEFAULT",
    "ALTER SEQUENCE app.users_s_seq OWNED BY NONE",
    "ALTER SEQUENCE app.users_id_seq INCREMENT BY 10",
    "ALTER SEQUENCE app.users_id_seq RENAME TO people_numbers",
    "ALTER INDEX app.users_expr_lower_idx ALTER COLUMN 1 SET STATISTICS 33",
    "ALTER TABLE app.people CLUSTER ON users_email_key",
    "ALTER TABLE app.people REPLICA IDENTITY FULL",
    "ALTER TABLE app.people OWNER TO pg_monitor",
    "GRANT UPDATE (n) ON app.people TO pg_read_all_data",
    "COMMENT ON COLUMN app.people.n IS 'a number'",
    "ALTER TYPE app.mood RENAME VALUE 'a b' TO 'glad'",
    "ALTER TYPE app.mood ADD VALUE 'sad'",
    "ALTER TYPE app.mood RENAME TO temper",
    "ALTER TYPE app.addr RENAME ATTRIBUTE zip TO code CASCADE",
    "ALTER TYPE app.addr ADD ATTRIBUTE town text CASCADE",
    "ALTER DOMAIN app.posint DROP CONSTRAINT pos",
    "ALTER DOMAIN app.posint ADD CONSTRAINT low CHECK (value > -5) NOT VALID",
    "ALTER DOMAIN app.posint VALIDATE CONSTRAINT low",
    "ALTER DOMAIN app.posint RENAME TO number",
    "CREATE TABLE app.call (v text DEFAULT app.f(1)::text, CHECK (app.f(1, v) > 0))",
    "ALTER FUNCTION app.f(int, text) RENAME TO g",
    "CREATE FUNCTION app.g(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
    "ALTER COLLATION app.plain RENAME TO plainer",
    "ALTER TABLE app.orders ADD COLUMN note text COLLATE app.plainer",
    "CREATE INDEX on_note ON app.orders (note)",
    "ALTER TABLE app.orders ADD CHECK (note <> '')",
    "CREATE TABLE app.o3 (LIKE app.orders INCLUDING ALL)",
    "ALTER TABLE app.o3 ADD CHECK (at < '2020-01-01')",
    "ALTER TABLE app.orders ATTACH PARTITION app.o3"
    " FOR VALUES FROM ('2019-01-01') TO ('2020-01-01')",
    "ALTER TABLE app.orders DETACH PARTITION app.o1",
    "ALTER TABLE app.base RENAME b TO text",
    "ALTER TABLE app.kid NO INHERIT app.base",
    "ALTER TABLE app.kid INHERIT app.base",
    "ALTER TABLE app.renamed RENAME y TO z",
    "CREATE VIEW app.joined AS SELECT id, d FROM app.renamed JOIN app.kid2 USING (id)",
    "ALTER TABLE app.renamed ADD COLUMN q int",
    "ALTER TABLE app.refs RENAME k TO word",
    "ALTER TABLE app.listp RENAME k TO word",
    "CREATE TRIGGER again BEFORE DELETE ON app.base FOR EACH ROW EXECUTE FUNCTION app.trig()",
    "ALTER TABLE app.call SET UNLOGGED",
    "ALTER TABLE app.call SET LOGGED",
    "ALTER TABLE app.ft ALTER b OPTIONS (SET column_name 'cc')",
    "ALTER FOREIGN TABLE app.ft OPTIONS (SET table_name 'y')",
    "ALTER SERVER far RENAME TO away",
    "CREATE INDEX words ON app.base (to_tsvector('app.tsc'::regconfig, text))",
    "ALTER TEXT SEARCH CONFIGURATION app.tsc RENAME TO words",
    "ALTER EXTENSION citext SET SCHEMA public",
    "ALTER EXTENSION btree_gist ADD TABLE app.call",
    "ALTER EXTENSION btree_gist DROP TABLE app.call",
    "ALTER TABLE app.call ADD COLUMN c public.citext, ADD COLUMN t text UNIQUE",
    "CREATE TABLE app.caller (t text REFERENCES app.call (t))",
    "ALTER TABLE app.call DROP COLUMN c",
    "ALTER SCHEMA app RENAME TO shop",
    "DROP TABLE shop.people CASCADE",
    "DROP SCHEMA shop CASCADE",
)


def test_second_readings_find_what_a_first_one_finds(
    cluster: Cluster, database: Connection
) -> None:
    database.execute((HERE / "rich_schema.sql").read_bytes())
    name = database.info.dbname
    with cluster.connect(name) as reading, cluster.connect(name) as forgetting:
        read_catalogue(reading)
        read_catalogue(reading)
        for change in CHANGES:
            database.execute(change.encode())
            expected = read_catalogue(forgetting)
            memories.pop(forgetting)
            assert read_catalogue(reading) == expected, change


def test_uncommitted_and_undone_changes_are_read(database: Connection) -> None:
    database.execute("CREATE TABLE a (id int); CREATE TABLE b (id int)")
    read_catalogue(database)
    before = read_catalogue(database)
    with pytest.raises(ZeroDivisionError), database.transaction():
        database.execute("ALTER TABLE a ADD COLUMN c int")
        assert read_catalogue(database).get("column", "public.a.c") is not None
        database.execute("SAVEPOINT s; ALTER TABLE a ADD COLUMN d int; ROLLBACK TO s")
        assert read_catalogue(database).get("column", "public.a.d") is None
        raise ZeroDivisionError
    assert read_catalogue(database) == before


def test_relations_that_have_not_changed_are_not_read_again(database: Connection) -> None:
    database.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int REFERENCES a)")
    read_catalogue(database)
    before = read_catalogue(database)
    database.execute("CREATE INDEX i ON b (id); CREATE TABLE c (id int)")
    after = read_catalogue(database)
    for key in (
        ("table", "public.a"),
        ("column", "public.a.id"),
        ("constraint", "public.a.a_pkey"),
        ("index", "public.a_pkey"),
    ):
        assert after.get(*key) is before.get(*key) is not None
    assert after.get("table", "public.b") is not before.get("table", "public.b")


def test_other_schemas_are_another_reading(database: Connection) -> None:
    database.execute("CREATE SCHEMA x; CREATE TABLE x.t (id int); CREATE TABLE t (id int)")
    for _ in range(3):
        assert len(list(read_catalogue(database, schemas=["x"]).of_kind("table"))) == 1
    assert len(list(read_catalogue(database).of_kind("table"))) == 2


def test_a_closed_connection_leaves_nothing(cluster: Cluster) -> None:
    connection = cluster.connect()
    read_catalogue(connection)
    assert connection in memories
    known = len(memories)
    connection.close()
    del connection
    assert len(memories) == known - 1


#: Each makes the first object of a family, or what it holds something else.
FIRSTS = (
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "COMMENT ON TABLE t IS 'one'",
    "COMMENT ON TABLE t IS 'two'",
    "COMMENT ON SCHEMA public IS 'three'",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    "ALTER TRIGGER r ON t RENAME TO s",
    "ALTER TABLE t RENAME COLUMN n TO m",
    "CREATE RULE u AS ON DELETE TO t DO INSTEAD NOTHING",
    "CREATE POLICY p ON t USING (m > 0)",
    "CREATE STATISTICS st ON id, m FROM t",
    "CREATE TYPE e AS ENUM ('a')",
    "ALTER TYPE e ADD VALUE 'b'",
    "CREATE DOMAIN d AS t[]",
    "ALTER TABLE t RENAME TO v",
    "CREATE TABLE c () INHERITS (v)",
    "ALTER TABLE c NO INHERIT v",
    "CREATE TABLE parted (id int) PARTITION BY LIST (id)",
    "CREATE TABLE part PARTITION OF parted FOR VALUES IN (1)",
    "CREATE TRIGGER q AFTER INSERT ON parted FOR EACH ROW EXECUTE FUNCTION f()",
    "ALTER TABLE part DISABLE TRIGGER q",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor",
    "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM pg_monitor",
    "GRANT CREATE ON SCHEMA public TO pg_monitor",
    "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)",
    "CREATE CAST (e AS int) WITH INOUT",
    "CREATE PUBLICATION pub FOR TABLE v",
    "CREATE FOREIGN DATA WRAPPER w",
    "CREATE SERVER far FOREIGN DATA WRAPPER w",
    "CREATE EXTENSION citext",
    "ALTER EXTENSION citext ADD TABLE c",
    "ALTER EXTENSION citext DROP TABLE c",
    "DROP EXTENSION citext",
    "CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
    "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION g()",
    "DROP EVENT TRIGGER et",
    "DROP TRIGGER s ON v",
)


def test_second_readings_find_the_first_object_of_each_family(
    cluster: Cluster, database: Connection
) -> None:
    name = database.info.dbname
    with cluster.connect(name) as reading, cluster.connect(name) as forgetting:
        read_catalogue(reading)
        for change in FIRSTS:
            read_catalogue(reading)
            database.execute(change.encode())
            expected = read_catalogue(forgetting)
            memories.pop(forgetting)
            assert read_catalogue(reading) == expected, change


def test_what_belongs_to_no_relation_is_asked_once(
    database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("CREATE TABLE a (id int PRIMARY KEY)")
    for _ in range(3):
        read_catalogue(database)
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noting(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        sent.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(self, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noting)
    database.execute("ALTER TABLE a ADD COLUMN b int")
    assert read_catalogue(database).get("column", "public.a.b") is not None
    for catalogue in ("pg_description", "pg_default_acl", "pg_trigger t", "pg_proc p"):
        assert [text for text in sent if f"from {catalogue}" in text] == []
    assert [text for text in sent if "from pg_attribute" in text] != []
