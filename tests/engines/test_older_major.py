"""Reading a server of an older major, from Debian's packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from recreate import dump, recreate
from source_server import source_server

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import differences

BINARIES = Path("/usr/lib/postgresql/15/bin")
HERE = Path(__file__).parent

pytestmark = pytest.mark.needs_debian

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with source_server(BINARIES) as url:
        yield url


def make(server: str, name: str) -> Connection:
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return psycopg.connect(server.replace("/postgres?", f"/{name}?"), autocommit=True)


@pytest.mark.parametrize("schema", ["rich_schema.sql", "icu_schema.sql"])
def test_create_texts_recreate_the_same_catalogue_and_dump(server: str, schema: str) -> None:
    name = schema.partition("_")[0]
    with make(server, name) as first, make(server, f"{name}_second") as second:
        first.execute((HERE / schema).read_bytes())
        catalogue = read_catalogue(first)
        recreate(catalogue, second)
        assert differences(catalogue, read_catalogue(second)) == ()
        program = str(BINARIES / "pg_dump")
        assert dump(program, second) == dump(program, first)


def test_capture_reads_statistics_and_redacts_them(server: str) -> None:
    with make(server, "shop") as connection:
        connection.execute("""
            CREATE TABLE t (id int PRIMARY KEY, name varchar(20), at timestamptz, u uuid);
            CREATE STATISTICS s (mcv) ON id, name FROM t;
            INSERT INTO t SELECT n, 'name ' || n % 5, now(), gen_random_uuid()
              FROM generate_series(1, 500) n;
            ANALYZE""")
    snapshot = capture(server.replace("/postgres?", "/shop?"), redact=True)
    assert snapshot.server_version // 10_000 == 15
    assert snapshot.relation["public.t"].tuples == 500
    name = snapshot.column["public.t", "name"]
    assert name.values["most_common_vals"] == "{exxxxx,mxxxxx,nxxxxx,txxxxx,uxxxxx}"
    assert snapshot.settings["lc_collate"] == "C"
    assert len(snapshot.extended) == 1


def test_pg_stat_statements_that_is_not_loaded_is_told(server: str) -> None:
    with make(server, "unloaded") as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
    assert (
        "workload: pg_stat_statements collects nothing; "
        "add it to shared_preload_libraries and restart"
    ) in capture(server.replace("/postgres?", "/unloaded?")).unseen


@pytest.mark.parametrize(
    "language", ["en", "az", "cs", "cy", "da", "et", "ha", "hu", "sq", "en-u-kn"]
)
def test_redacted_texts_keep_their_order_in_every_language(server: str, language: str) -> None:
    name = "words_" + language.replace("-", "_")
    with make(server, name) as connection:
        connection.execute(f"CREATE COLLATION c (provider = icu, locale = '{language}')".encode())
        connection.execute("CREATE TABLE t (word text COLLATE c)")
        connection.execute("""
            INSERT INTO t SELECT initcap(substr(md5(n::text), 1, 3 + n % 9)) || ' Åé-' || n % 3
              FROM generate_series(1, 3000) n""")
        connection.execute("ANALYZE")
        snapshot = capture(server.replace("/postgres?", f"/{name}?"), redact=True)
        bounds = snapshot.column["public.t", "word"].values["histogram_bounds"]
        row = connection.execute(
            "SELECT array_agg(v ORDER BY v COLLATE c) = %s::text[], count(DISTINCT v COLLATE c)"
            " FROM unnest(%s::text[]) v",
            [bounds, bounds],
        ).fetchone()
    assert row == (True, 101)
