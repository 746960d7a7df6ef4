"""Loading a catalogue into an empty database, with stand-ins for what the twin lacks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, SchemaObject, differences
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.load import load_schema
from dbspecialist.twins.stand_ins import install_stand_ins, stand_ins

Connection = psycopg.Connection[tuple[Any, ...]]

_numbers = itertools.count()


def _drop_owner(admin: Connection) -> None:
    """Drop the roles with the rights that stages of other tests gave them in the same server."""
    for role in ("dbs_visitor", "dbs_owner"):
        found = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
        if found.fetchone() is not None:
            admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server without stages, whose databases would keep their owner from being dropped."""
    with start_cluster() as started:
        yield started


@pytest.fixture
def target(own_cluster: Cluster) -> Iterator[Connection]:
    """An empty database, owned by dbs_owner."""
    name = f"load_{next(_numbers)}"
    with own_cluster.connect() as admin:
        _drop_owner(admin)
        admin.execute("CREATE ROLE dbs_owner LOGIN")
        admin.execute(f"CREATE DATABASE {name} OWNER dbs_owner")
    with own_cluster.connect(name) as connection:
        yield connection
    with own_cluster.connect() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        _drop_owner(admin)


def table(name: str, columns: str, **attributes: str) -> SchemaObject:
    return SchemaObject("table", name, "", attributes, f"CREATE TABLE {name} ({columns})")


def test_schema_with_every_usual_kind_loads_equal(database: Connection, target: Connection) -> None:
    database.execute("""
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL, mood mood DEFAULT 'good', boss bigint REFERENCES person);
        CREATE INDEX person_name ON person (lower(name)) WHERE mood = 'bad';
        CREATE TABLE event (at date NOT NULL, amount positive) PARTITION BY RANGE (at);
        CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE INDEX event_at ON event (at);
        CREATE VIEW bosses AS SELECT DISTINCT boss FROM person;
        CREATE MATERIALIZED VIEW totals AS SELECT at, sum(amount) FROM event GROUP BY at;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER touch BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION touch();
        ALTER TABLE person ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON person USING (id > 0);
        CREATE STATISTICS person_both ON name, mood FROM person
    """)
    catalogue = read_catalogue(database)

    assert load_schema(target, catalogue) == ()
    assert differences(catalogue, read_catalogue(target)) == ()


def test_objects_without_owner_belong_to_the_owner(target: Connection) -> None:
    load_schema(target, Catalogue((table("public.a", "id int"),)), owner="dbs_owner")

    row = target.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'a'")
    assert row.fetchone() == ("dbs_owner",)
    rights = target.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'dbs_owner'")
    assert rights.fetchone() == (False,)


def test_superuser_as_owner_becomes_the_twins_owner(target: Connection) -> None:
    item = SchemaObject(
        "table",
        "public.a",
        create="CREATE TABLE public.a ();\nALTER TABLE public.a OWNER TO postgres",
    )

    load_schema(target, Catalogue((item,)), owner="dbs_owner")

    row = target.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'a'")
    assert row.fetchone() == ("dbs_owner",)


def test_object_before_what_it_needs_is_created_later(target: Connection) -> None:
    first = table("public.child", "id int REFERENCES public.parent")
    second = table("public.parent", "id int PRIMARY KEY")

    assert load_schema(target, Catalogue((first, second))) == ()


def test_event_trigger_does_not_run_while_the_schema_is_created(target: Connection) -> None:
    function = SchemaObject(
        "function",
        "public.refuse()",
        create="CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    )
    trigger = SchemaObject(
        "event trigger",
        "refuse",
        create="CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION public.refuse()",
    )

    assert load_schema(target, Catalogue((function, trigger, table("public.a", "id int")))) == ()


def test_object_that_cannot_be_is_left_out_with_the_reason(target: Connection) -> None:
    view = SchemaObject("view", "public.v", create="CREATE VIEW public.v AS SELECT * FROM public.x")

    assert load_schema(target, Catalogue((view, table("public.a", "id int")))) == (
        'view public.v: left out (relation "public.x" does not exist)',
    )
    assert target.execute("SELECT count(*) FROM public.a").fetchone() == (0,)


def test_missing_extension_is_left_out_and_the_rest_loads(target: Connection) -> None:
    extension = SchemaObject("extension", "timescaledb", create="CREATE EXTENSION timescaledb")

    assert load_schema(target, Catalogue((extension, table("public.a", "id int")))) == (
        'extension timescaledb: left out (extension "timescaledb" is not available)',
    )
    assert target.execute("SELECT count(*) FROM public.a").fetchone() == (0,)


def test_missing_type_takes_its_modifiers_and_any_text(target: Connection) -> None:
    left_out = load_schema(
        target, Catalogue((table("public.place", "at public.geometry(Point,4326) NOT NULL"),))
    )

    assert left_out == ("type public.geometry: stood in for by a text",)
    target.execute("INSERT INTO public.place VALUES ('POINT(1 2)')")
    assert target.execute("SELECT at::text FROM public.place").fetchone() == ("POINT(1 2)",)


def test_icu_collations_are_stood_in_for(target: Connection) -> None:
    own = SchemaObject(
        "collation",
        "public.ci",
        create="CREATE COLLATION public.ci (provider = icu, locale = 'und', deterministic = false)",
    )
    user = table("public.a", 'x text COLLATE public.ci, y text COLLATE pg_catalog."en-US-x-icu"')

    assert load_schema(target, Catalogue((own, user))) == (
        "collation public.ci: stood in for by C.UTF-8",
        "collation pg_catalog.en-US-x-icu: stood in for by C.UTF-8",
    )


def test_role_of_a_grant_is_created_without_login(target: Connection) -> None:
    grant = SchemaObject(
        "table",
        "public.a",
        create='CREATE TABLE public.a ();\nGRANT SELECT ON public.a TO "Dbs Reader"',
    )

    assert load_schema(target, Catalogue((grant,))) == ()
    row = target.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'Dbs Reader'")
    assert row.fetchone() == (False,)
    target.execute('DROP OWNED BY "Dbs Reader"; DROP ROLE "Dbs Reader"')


@pytest.mark.parametrize("name", sorted(stand_ins()))
def test_stand_in_extension_is_created_by_the_owner(
    own_cluster: Cluster, target: Connection, name: str
) -> None:
    install_stand_ins(target)
    with own_cluster.connect(target.info.dbname, "dbs_owner") as owner:
        owner.execute(f'CREATE EXTENSION "{name}"')


@pytest.mark.parametrize("name", ["vector", "pg_stat_statements", "earthdistance", "moddatetime"])
def test_harmless_extension_is_created_by_the_owner(
    own_cluster: Cluster, target: Connection, name: str
) -> None:
    install_stand_ins(target)
    with own_cluster.connect(target.info.dbname, "dbs_owner") as owner:
        owner.execute(f"CREATE EXTENSION {name} CASCADE")


@pytest.mark.parametrize("name", ["adminpack", "pg_walinspect", "pg_surgery"])
def test_other_extension_stays_for_superusers(
    own_cluster: Cluster, target: Connection, name: str
) -> None:
    install_stand_ins(target)
    with (
        own_cluster.connect(target.info.dbname, "dbs_owner") as owner,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)),
    ):
        owner.execute(f"CREATE EXTENSION {name}")


def test_pgcrypto_functions_have_their_volatility(target: Connection) -> None:
    install_stand_ins(target)
    target.execute("CREATE EXTENSION pgcrypto")

    rows = target.execute("""
        SELECT proname, provolatile::text, proisstrict FROM pg_proc
         WHERE proname IN ('crypt', 'gen_salt', 'gen_random_bytes', 'hmac')
           AND pronamespace = 'public'::regnamespace GROUP BY 1, 2, 3 ORDER BY 1
    """).fetchall()
    assert rows == [
        ("crypt", "i", True),
        ("gen_random_bytes", "v", True),
        ("gen_salt", "v", True),
        ("hmac", "i", True),
    ]
    assert target.execute("SELECT length(digest('a', 'sha1'))").fetchone() == (20,)


def test_postgis_schema_keeps_its_tables_and_indexes(target: Connection) -> None:
    extension = SchemaObject(
        "extension", "postgis", create="CREATE EXTENSION postgis SCHEMA public"
    )
    place = table(
        "public.place",
        "id int PRIMARY KEY, at public.geometry(Point,4326) NOT NULL, "
        "region public.geography(Polygon,4326), "
        "middle public.geometry GENERATED ALWAYS AS (public.st_centroid(at)) STORED",
    )
    index = SchemaObject(
        "index", "public.place_at", create="CREATE INDEX place_at ON public.place USING gist (at)"
    )

    assert load_schema(target, Catalogue((extension, place, index))) == (
        "extension postgis: stood in for",
    )
    target.execute("""
        INSERT INTO place (id, at)
        SELECT n, st_setsrid(st_geomfromtext('POINT(' || n || ' 7)'), 4326)
          FROM generate_series(1, 500) AS n;
        SET enable_seqscan = off
    """)
    found = target.execute("SELECT id FROM place WHERE at && 'POINT(7 7)'::geometry").fetchall()
    assert found == [(7,)]


def test_function_of_a_missing_language_is_kept_and_fails_when_called(
    own_cluster: Cluster, target: Connection
) -> None:
    install_stand_ins(target)
    with own_cluster.connect(target.info.dbname, "dbs_owner") as owner:
        owner.execute("CREATE EXTENSION plpython3u")
        owner.execute("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'import os'")
        with pytest.raises(psycopg.errors.SyntaxError):
            owner.execute("SELECT f()")


def test_dblink_refuses_to_connect(target: Connection) -> None:
    install_stand_ins(target)
    target.execute("CREATE EXTENSION dblink")

    with pytest.raises(psycopg.errors.FeatureNotSupported, match="opens no connection"):
        target.execute("SELECT dblink_connect('host=localhost')")


def _aggregate(definition: str) -> Catalogue:
    item = SchemaObject("aggregate", "public.a", create=f"CREATE AGGREGATE public.a{definition}")
    return Catalogue((item,))


@pytest.mark.parametrize(
    "definition",
    [
        "(anynonarray) (\n    sfunc = array_agg_transfn,\n    finalfunc = array_agg_finalfn,\n"
        "    stype = internal,\n    finalfunc_extra,\n    parallel = safe\n)",
        "(text, text) (sfunc = string_agg_transfn, stype = internal, combinefunc ="
        " string_agg_combine, serialfunc = string_agg_serialize, deserialfunc ="
        " string_agg_deserialize, finalfunc = string_agg_finalfn)",
        "(float8 ORDER BY float8) (sfunc = ordered_set_transition, stype = internal,"
        " finalfunc = percentile_disc_final, finalfunc_extra)",
        "(bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = numeric_poly_avg,"
        " msfunc = int8_avg_accum, minvfunc = int8_avg_accum_inv, mstype = internal,"
        " mfinalfunc = numeric_poly_avg)",
    ],
)
def test_aggregate_over_the_states_of_one_of_the_engine_is_kept(
    target: Connection, definition: str
) -> None:
    assert load_schema(target, _aggregate(definition), owner="dbs_owner") == ()
    row = target.execute("SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'a'")
    assert row.fetchone() == ("dbs_owner",)


@pytest.mark.parametrize(
    "definition",
    [
        "(bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = string_agg_finalfn)",
        "(text, text) (sfunc = string_agg_transfn, stype = internal,"
        " combinefunc = numeric_poly_combine, finalfunc = string_agg_finalfn)",
        "(text, text) (sfunc = string_agg_transfn, stype = internal, msfunc = string_agg_transfn,"
        " minvfunc = string_agg_transfn, mstype = internal, finalfunc = string_agg_finalfn,"
        " mfinalfunc = string_agg_finalfn)",
    ],
)
def test_aggregate_that_mixes_states_is_left_out(target: Connection, definition: str) -> None:
    assert load_schema(target, _aggregate(definition), owner="dbs_owner") == (
        "aggregate public.a: left out (aggregate transition data type cannot be internal)",
    )
    assert target.execute("SELECT 1 FROM pg_proc WHERE proname = 'a'").fetchone() is None


def test_table_whose_values_lz4_compresses_is_made_on_a_server_without_it(
    target: Connection,
) -> None:
    made = (
        'CREATE TABLE public.notes (id int, "a.b" text);\n'
        'ALTER TABLE ONLY public.notes ALTER COLUMN "a.b" SET COMPRESSION lz4'
    )
    notes = load_schema(target, Catalogue((SchemaObject("table", "public.notes", "", {}, made),)))
    columns = target.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'public.notes'::regclass AND attnum > 0"
    )
    assert columns.fetchall() == [("id",), ("a.b",)]
    assert notes == ("table public.notes: compressed by pglz, this server has no lz4",)
