"""Code that migrations leave lying about for a superuser to step on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.proofs.effects_pass import see_effects
from dbspecialist.proofs.walk import walk
from dbspecialist.tasks.sources import snapshot_of_sql
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage
from dbspecialist.twins.stage_roles import OWNER

SCHEMA = """
CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL, n int);
CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER audit ON login EXECUTE FUNCTION audit();
"""
#: What a trap does in the hands of a superuser, and what no ROLLBACK takes back.
SPRING = """
CREATE FUNCTION spring() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN
    EXECUTE format('COPY (SELECT 1) TO %L', current_setting('data_directory') || '/sprung');
  END IF;
  RETURN true;
END $$;
"""
TRAPS = {
    "check": "ALTER TABLE orders ADD CONSTRAINT c CHECK (spring()) NOT VALID;"
    "CREATE TABLE fresh (id int PRIMARY KEY CHECK (spring()))",
    "domain": "CREATE DOMAIN d AS int CHECK (spring()); CREATE TABLE fresh (id d)",
    "generated": "CREATE FUNCTION f(int) RETURNS boolean IMMUTABLE RETURN spring();"
    "CREATE TABLE fresh (id int PRIMARY KEY, g boolean GENERATED ALWAYS AS (f(id)) STORED)",
    "index": "CREATE FUNCTION f(int) RETURNS boolean IMMUTABLE RETURN spring();"
    "CREATE TABLE fresh (id int); CREATE INDEX ON fresh (f(id))",
    "trigger": "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM public.spring(); RETURN NEW; END';"
    "CREATE TABLE fresh (id int PRIMARY KEY);"
    "CREATE TRIGGER t BEFORE INSERT ON fresh EXECUTE FUNCTION t();"
    "ALTER TABLE fresh ENABLE ALWAYS TRIGGER t",
    "truncate": "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM public.spring(); RETURN NEW; END';"
    "CREATE TRIGGER t BEFORE TRUNCATE ON orders EXECUTE FUNCTION t();"
    "ALTER TABLE orders ENABLE ALWAYS TRIGGER t",
    "cast": "CREATE TYPE mood AS ENUM ('sad');"
    "CREATE FUNCTION c(mood) RETURNS text LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM public.spring(); RETURN ''x''; END';"
    "CREATE CAST (mood AS text) WITH FUNCTION c(mood); CREATE TABLE fresh (id int, m mood)",
    "overload": "CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM public.spring(); RETURN $1::text; END'",
    "planned": "CREATE OR REPLACE FUNCTION folded() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS"
    " 'BEGIN RETURN public.spring(); END'; ALTER TABLE orders ADD COLUMN later int",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    file = tmp_path_factory.mktemp("production") / "schema.sql"
    file.write_text(
        SCHEMA + "CREATE FUNCTION folded() RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'"
    )
    found = snapshot_of_sql(file)
    query = WorkloadStatement("SELECT * FROM orders WHERE folded()", 1, 1.0)
    return replace(found, workload=(query,))


@pytest.mark.parametrize("trap", TRAPS)
def test_trap_is_not_sprung_by_a_superuser(
    cluster: Cluster, snapshot: Snapshot, tmp_path: Path, trap: str
) -> None:
    (tmp_path / "1_trap.up.sql").write_text(f"{SPRING};\n{TRAPS[trap]};\n")
    (tmp_path / "2_next.up.sql").write_text("CREATE UNIQUE INDEX one ON orders ((0));\n")
    (tmp_path / "2_next.down.sql").write_text("DROP INDEX one;\n")
    (project,) = find_projects(tmp_path)
    with open_stage(snapshot, cluster=cluster) as stage:
        seen = see_effects(stage, project, project.history(), stage.template)
        walk(stage, project, project.history(), stage.template, snapshot)
    sprung = cluster.data / "sprung"
    found = sprung.exists()
    sprung.unlink(missing_ok=True)
    assert seen.failures == {}
    assert not found


def test_login_trigger_of_production_does_not_fire_for_a_superuser(
    cluster: Cluster, snapshot: Snapshot
) -> None:
    with open_stage(snapshot, cluster=cluster) as stage, stage.database() as database:
        with cluster.connect(database, OWNER) as owner:
            owner.execute(SPRING.encode())
            owner.execute(
                "CREATE OR REPLACE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS"
                " 'BEGIN PERFORM public.spring(); END'"
            )
        with stage.admin(database) as admin:
            row = admin.execute("SELECT evtevent FROM pg_event_trigger WHERE evtname = 'audit'")
            assert row.fetchone() == ("login",)
    assert not (cluster.data / "sprung").exists()
