"""Snapshot files whose SQL wants to be a superuser's: none of it ever runs with such rights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.twins.stage import open_stage
from dbspecialist.twins.twin import open_twin

EMPTY = Snapshot("postgresql", 180000, "shop", "a stranger", "2026-01-01T00:00:00", Catalogue())

#: How the engine says that rights are missing, and that no schema is there to create in.
REFUSED = ("permission denied", "must be", "is not allowed", "no schema has been selected")

#: Notes each role that runs a function of the snapshot's.
TRAP = """CREATE TABLE public.ran (role name);
GRANT ALL ON public.ran TO PUBLIC;
CREATE FUNCTION public.note() RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.ran VALUES (current_user), (session_user);
  RETURN true;
END $$;
CREATE FUNCTION public.trap() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RETURN public.note(); END $$"""


def item(create: str, kind: str = "table", name: str = "public.x") -> SchemaObject:
    return SchemaObject(kind, name, create=create)


def snapshot(*creates: str) -> Snapshot:
    objects = (item(create, name=f"public.x{n}") for n, create in enumerate(creates))
    return replace(EMPTY, catalogue=Catalogue(tuple(objects)))


@pytest.mark.parametrize(
    "create",
    [
        "DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''true'''; END $$",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "LOAD 'auto_explain'",
        "CREATE FUNCTION public.c() RETURNS int LANGUAGE c AS 'libc', 'getpid'",
        "CREATE FUNCTION public.i(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
        "CREATE ROLE boss SUPERUSER LOGIN",
        "ALTER ROLE dbs_owner SUPERUSER",
        "RESET ROLE; CREATE ROLE boss SUPERUSER LOGIN",
        "SET SESSION AUTHORIZATION postgres",
        "SET ROLE postgres",
        "GRANT pg_execute_server_program TO dbs_owner",
        "CREATE CAST (bytea AS pg_catalog.pg_ndistinct) WITHOUT FUNCTION",
        "CREATE TRUSTED LANGUAGE harmless HANDLER pg_catalog.plpgsql_call_handler",
        "CREATE FUNCTION public.d() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';\n"
        "ALTER FUNCTION public.d() OWNER TO pg_execute_server_program",
        "CREATE FUNCTION public.d() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';\n"
        "ALTER FUNCTION public.d() OWNER TO postgres; SELECT 1",
        "CREATE EXTENSION citext; ALTER SYSTEM SET work_mem = '1GB'",
        "ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TABLES TO PUBLIC; LOAD 'dblink'",
    ],
)
def test_sql_that_needs_a_superuser_is_left_out_and_said(create: str) -> None:
    with open_stage(snapshot(create)) as stage, stage.admin(stage.template) as admin:
        supers = admin.execute("SELECT rolname FROM pg_roles WHERE rolsuper").fetchall()
        strange = admin.execute(
            "SELECT proname FROM pg_proc JOIN pg_language l ON l.oid = prolang"
            " WHERE pronamespace = 'public'::regnamespace AND (lanname IN ('c', 'internal')"
            " OR proowner IN (SELECT oid FROM pg_roles WHERE rolsuper OR rolname ~ '^pg_')"
            "    AND prosecdef)"
        ).fetchall()
    assert [text.partition(":")[0] for text in stage.left_out] == ["table public.x0"]
    assert any(said in stage.left_out[0] for said in REFUSED)
    assert supers == [("postgres",)]
    assert strange == []


@pytest.fixture(params=["stage", "twin"])
def opened(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ran(given: Snapshot, opened: str) -> Iterator[str]:
    """Yield the superusers that ran the snapshot's functions while it was loaded and used."""
    query = (
        "SELECT DISTINCT role::text FROM public.ran JOIN pg_roles ON rolname = role AND rolsuper"
    )
    if opened == "stage":
        with (
            open_stage(given) as stage,
            stage.database() as database,
            stage.admin(database) as admin,
        ):
            yield from (name for (name,) in admin.execute(query))
    else:
        with open_twin(given) as twin, twin.cluster.connect(twin.database) as admin:
            yield from (name for (name,) in admin.execute(query))


@pytest.mark.parametrize(
    "create",
    [
        "CREATE TABLE public.t (a int DEFAULT 1, CHECK (public.trap()));"
        " CREATE INDEX ON public.t ((public.trap()))",
        "CREATE FUNCTION public.fires() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM public.note(); END $$;\n"
        "CREATE EVENT TRIGGER fires ON ddl_command_end EXECUTE FUNCTION public.fires()",
        "CREATE FUNCTION public.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM public.note(); RETURN NULL; END $$;"
        "CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM public.note(); RETURN $1; END $$;"
        "CREATE FUNCTION public.same(name, text) RETURNS boolean LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN public.note(); END $$;"
        "CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.same)",
        "CREATE MATERIALIZED VIEW public.t AS SELECT public.note() AS a",
        "CREATE TABLE public.t (a int); CREATE RULE r AS ON INSERT TO public.t"
        " DO ALSO SELECT public.note()",
        "CREATE FUNCTION public.v(text[], oid) RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM public.note(); END $$;\n"
        "CREATE FOREIGN DATA WRAPPER w VALIDATOR public.v OPTIONS (a 'b')",
    ],
)
def test_no_superuser_runs_what_a_snapshot_brings(create: str, opened: str) -> None:
    assert list(ran(snapshot(TRAP, create), opened)) == []


def test_values_of_a_domain_are_read_with_the_owners_rights(opened: str) -> None:
    given = snapshot(
        TRAP,
        "CREATE DOMAIN public.d AS int CHECK (public.trap())",
        "CREATE TABLE public.t (a public.d)",
    )
    values = {"most_common_vals": "{1,2}", "most_common_freqs": "{0.5,0.25}"}
    column = ColumnStatistics(
        "public.t", "a", False, null_frac=0.0, avg_width=4, n_distinct=2.0, values=values
    )
    assert list(ran(replace(given, columns=(column,)), opened)) == []


def test_objects_of_superusers_are_made_by_statements_of_our_own() -> None:
    given = snapshot(
        "CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
        "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.e();\n"
        "ALTER EVENT TRIGGER e DISABLE;\nALTER EVENT TRIGGER e OWNER TO postgres",
        "CREATE PUBLICATION p FOR ALL TABLES;\nALTER PUBLICATION p OWNER TO postgres",
        "CREATE FOREIGN DATA WRAPPER w;\nALTER FOREIGN DATA WRAPPER w OWNER TO postgres",
        "CREATE SERVER s FOREIGN DATA WRAPPER w",
        "CREATE MATERIALIZED VIEW public.m AS SELECT 1 AS a WITH NO DATA;\n"
        "UPDATE pg_catalog.pg_class SET relispopulated = true"
        " WHERE oid = 'public.m'::pg_catalog.regclass;\n"
        "ALTER MATERIALIZED VIEW public.m OWNER TO alice",
    )
    with open_stage(given) as stage, stage.admin(stage.template) as admin:
        rows = admin.execute(
            "SELECT evtname::text, evtenabled::text, evtowner::regrole::text FROM pg_event_trigger"
            " WHERE evtname = 'e' UNION ALL SELECT pubname, '', pubowner::regrole::text"
            " FROM pg_publication UNION ALL SELECT fdwname, '', fdwowner::regrole::text"
            " FROM pg_foreign_data_wrapper UNION ALL SELECT relname, relispopulated::text,"
            " relowner::regrole::text FROM pg_class WHERE relname = 'm'"
        ).fetchall()
    assert stage.left_out == ()
    assert rows == [
        ("e", "D", "dbs_owner"),
        ("p", "", "dbs_owner"),
        ("w", "", "dbs_owner"),
        ("m", "true", "alice"),
    ]
