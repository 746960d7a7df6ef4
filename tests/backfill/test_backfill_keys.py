"""Backfills by keys of all kinds, on servers of every major."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backfill_target import ROLE, prepare, role_url, value
from servers import NoServerError, binaries
from source_server import source_server

from dbspecialist.engines.postgresql.backfill.runner import Runner
from dbspecialist.engines.postgresql.backfill.session import Access, empty_search_path
from dbspecialist.engines.postgresql.backfill.table import read_shape, read_target
from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.backfill import BackfillLimits
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.backfill import try_backfill
from dbspecialist.proofs.backfill.comparison import SAME
from dbspecialist.proofs.backfill.trial import receipt_of
from dbspecialist.tasks.backfill import backfill
from dbspecialist.twins.cluster import Cluster, start_cluster
from dbspecialist.twins.installation import find_installation
from dbspecialist.twins.stage import Stage, open_stage

Database = psycopg.Connection[Any]
FAST = BackfillLimits(batch_rows=30, largest_batch=30, pause_ms=0.0, target_ms=60_000.0)

#: Each key's columns with the expressions that make 200 of its values.
KEYS = {
    "smallint": ("id smallint", "n"),
    "negative numbers": ("id int", "n - 100"),
    "uuid": ("id uuid", "md5(n::text)::uuid"),
    "text": ("id text", "md5(n::text) || ' \\\\ \"'' % $1 {,}'"),
    "text of another collation": ('id text COLLATE "C"', "chr(65 + n)"),
    "fixed length": ("id char(6)", "n::text"),
    "numeric": ("id numeric", "n / 7.0"),
    "float": ("id float8", "CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE n / 7.0 END"),
    "timestamp": ("id timestamptz", "timestamptz '2026-01-01 12:00+00' + n * interval '1 h'"),
    "date with infinity": (
        "id date",
        "CASE n WHEN 1 THEN 'infinity' ELSE date '2026-01-01' + n END",
    ),
    "bytes": ("id bytea", "decode(md5(n::text), 'hex')"),
    "bits": ("id bit(8)", "n::bit(8)"),
    "address": ("id inet", "inet '10.0.0.0' + n"),
    "array": ("id int[]", "ARRAY[n % 10, n]"),
    "domain": ("id code", "n"),
    "range": ("id int4range", "int4range(n, n + 1)"),
    "two columns": ("a int, b text", "n % 7, 'k' || n"),
    "three columns": (
        'a date, "B b" mood, c int',
        "date '2026-01-01' + n % 5, (ARRAY['sad', 'glad'])[1 + n % 2]::mood, n",
    ),
}
TYPES = "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN code AS int CHECK (VALUE > 0);"


def table(name: str, columns: str, values: str) -> str:
    key = ", ".join(part.strip().rpartition(" ")[0] for part in _names(columns))
    return (
        f"CREATE TABLE {name} ({columns}, n int NOT NULL DEFAULT 0, PRIMARY KEY ({key}));"
        f"INSERT INTO {name} SELECT {values} FROM generate_series(1, 200) n; ANALYZE {name};"
    )


def _names(columns: str) -> list[str]:
    return [part.replace(' COLLATE "C"', "") for part in columns.split(",")]


def schema() -> str:
    made = (table(f"t{n}", *KEYS[name]) for n, name in enumerate(KEYS))
    return TYPES + "".join(made)


PARTITIONED = """
CREATE TABLE part (region text, id int, n int NOT NULL DEFAULT 0, PRIMARY KEY (region, id))
  PARTITION BY LIST (region);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a');
CREATE TABLE part_b PARTITION OF part FOR VALUES IN ('b') PARTITION BY RANGE (id);
CREATE TABLE part_b1 PARTITION OF part_b FOR VALUES FROM (0) TO (100);
CREATE TABLE part_b2 PARTITION OF part_b FOR VALUES FROM (100) TO (1000);
INSERT INTO part SELECT (ARRAY['a', 'b'])[1 + n % 2], n FROM generate_series(1, 400) n;
ANALYZE part;
"""


@pytest.fixture(scope="module")
def all_kinds() -> Iterator[tuple[str, Database, Stage, Snapshot]]:
    with start_cluster() as server, server.connect() as connection:
        prepare(connection, schema())
        url = server.url(user=ROLE)
        snapshot = capture(url, workload=False)
        with open_stage(snapshot) as stage:
            yield url, connection, stage, snapshot


@pytest.mark.parametrize("name", KEYS)
def test_each_row_is_done_once_by_every_kind_of_key(
    name: str, all_kinds: tuple[str, Database, Stage, Snapshot]
) -> None:
    url, database, stage, snapshot = all_kinds
    relation = f"t{list(KEYS).index(name)}"
    settings = {"TimeZone": "Europe/Berlin", "DateStyle": "ISO, DMY"}
    tried = try_backfill(stage, snapshot, f"UPDATE {relation} SET n = n + 1", settings)
    with empty_search_path(database):
        target = read_target(database, tried.plan.relation)
        shape = read_shape(database, target, ())
    receipt = receipt_of(replace(tried.plan, shape=shape), tried.proofs)
    access = Access(url, ROLE, superuser=False, settings=settings, limits=FAST)
    state = Runner(access, receipt, lambda _step: None).run()
    assert (state.rows, state.keys, state.batches) == (200, 200, 7)
    assert value(database, f"SELECT count(*) FROM {relation} WHERE n = 1") == 200
    same = [proof for proof in tried.proofs if proof.claim == SAME]
    assert [proof.verdict for proof in same] == ["tested"]


def check_once(url: str, database: Database, name: str, rows: int, folder: Path) -> None:
    receipt = folder / "receipt.json"
    backfill(f"UPDATE {name} SET n = n + 1", database=url, plan=receipt)
    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
    assert ended.state is not None
    assert (ended.state.rows, ended.state.keys, ended.state.batches) == (rows, rows, -(-rows // 30))
    assert value(database, f"SELECT count(*) FROM {name} WHERE n = 1") == rows


def test_partitioned_table(cluster: Cluster, database: Database, tmp_path: Path) -> None:
    prepare(database, PARTITIONED)
    check_once(role_url(cluster, database), database, "part", 400, tmp_path)


def test_table_that_is_empty(cluster: Cluster, database: Database, tmp_path: Path) -> None:
    prepare(database, "CREATE TABLE t (id int PRIMARY KEY, n int)")
    url, receipt = role_url(cluster, database), tmp_path / "receipt.json"
    backfill("UPDATE t SET n = 1", database=url, plan=receipt)
    ended = backfill(database=url, receipt=receipt, role=ROLE)
    assert ended.state is not None
    assert (ended.state.rows, ended.state.batches, ended.state.is_done) == (0, 0, True)


def test_volatile_values_are_one_to_a_row(
    cluster: Cluster, database: Database, tmp_path: Path
) -> None:
    prepare(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, token uuid UNIQUE);"
        "INSERT INTO t SELECT generate_series(1, 100)",
    )
    url, receipt = role_url(cluster, database), tmp_path / "receipt.json"
    planned = backfill(
        "UPDATE t SET token = gen_random_uuid() WHERE token IS NULL",
        database=url,
        plan=receipt,
        volatile=True,
    )
    assert {proof.verdict for proof in planned.receipt.proofs if "row alone" in proof.claim} == {
        "unchecked"
    }
    backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
    assert value(database, "SELECT count(DISTINCT token) FROM t") == 100


def test_triggers_fire_and_are_told(cluster: Cluster, database: Database, tmp_path: Path) -> None:
    prepare(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int);"
        "INSERT INTO t SELECT generate_series(1, 100);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.b := coalesce(NEW.b, 0) + 1; RETURN NEW; END';"
        "CREATE TRIGGER count_up BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    )
    url, receipt = role_url(cluster, database), tmp_path / "receipt.json"
    planned = backfill("UPDATE t SET a = 1 WHERE a IS NULL", database=url, plan=receipt)
    last = planned.receipt.proofs[-1]
    assert (last.verdict, last.basis) == (
        "refuted",
        "count_up: fired as for any UPDATE of the application",
    )
    assert planned.receipt.plan.excludes == "tested"
    backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
    assert value(database, "SELECT count(*) FROM t WHERE a = 1 AND b = 1") == 100


@pytest.fixture(params=(14, 15, 16, 17))
def older(request: pytest.FixtureRequest) -> Iterator[tuple[str, Database]]:
    assert find_installation().version.startswith("18")
    try:
        found = binaries(request.param)
    except NoServerError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(f"NOT TESTED: {missing}")
    with source_server(found) as url, psycopg.connect(url, autocommit=True) as connection:
        prepare(connection, schema() + PARTITIONED)
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield url.replace("postgres@", f"{ROLE}@"), connection


@pytest.mark.needs_debian
def test_each_row_is_done_once_on_older_servers(
    older: tuple[str, Database], tmp_path: Path
) -> None:
    url, database = older
    check_once(url, database, "part", 400, tmp_path)
    names = list(KEYS)
    for name in ("uuid", "three columns"):
        check_once(url, database, f"t{names.index(name)}", 200, tmp_path)
    unset = "UPDATE t0 SET n = 5 WHERE n = 0"
    receipt = tmp_path / "receipt.json"
    planned = backfill(unset, database=url, plan=receipt)
    assert planned.receipt.plan.excludes == "proven"
    program = backfill(receipt=receipt, as_="sql").text
    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
    assert ended.state is not None
    assert (ended.state.rows, ended.state.passes) == (200, 2)
    assert "CREATE OR REPLACE PROCEDURE" in program
