"""Rows drawn from the statistics of a real source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.rows import fill

Connection = psycopg.Connection[tuple[Any, ...]]
SCHEMA = """
CREATE TYPE state AS ENUM ('new', 'paid', 'sent', 'lost');
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    state state NOT NULL,
    country text,
    note text,
    never text,
    code varchar(12) NOT NULL,
    "Total" numeric(10, 2),
    always integer,
    tags text[],
    placed timestamptz NOT NULL,
    parts jsonb NOT NULL,
    extra json
);
"""
ROWS = """
INSERT INTO orders
SELECT i + 1000000, (ARRAY['new', 'paid', 'paid', 'paid', 'paid'])[1 + i % 5]::state,
       CASE WHEN i % 4 > 0 THEN (ARRAY['DE', 'FR', 'IT'])[1 + i % 3] END,
       CASE WHEN i % 100 = 0 THEN 'note ' || i END, NULL, 'C-' || i, i * 1.5, 7,
       ARRAY['red', 'blue'], '2023-01-01'::timestamptz + i * interval '1 hour',
       jsonb_build_object('i', i % 3), json_build_object('text', repeat('x', 400))
FROM generate_series(1, 5000) i;
ANALYZE orders;
"""


@pytest.fixture(scope="module")
def snapshot(cluster: Cluster) -> Iterator[Snapshot]:
    with cluster.connect() as admin:
        admin.execute("CREATE DATABASE rows_source")
    with cluster.connect("rows_source") as source:
        source.execute((SCHEMA + ROWS).encode())
    yield capture(cluster.url("rows_source"), workload=False)
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE rows_source WITH (FORCE)")


@pytest.fixture
def twin(database: Connection, snapshot: Snapshot) -> Connection:
    database.execute(SCHEMA.encode())
    assert fill(database, snapshot.catalogue, snapshot, rows_per_table=8).assumed == ()
    return database


def values(connection: Connection, column: str) -> list[Any]:
    query = f"SELECT {column} FROM orders ORDER BY id"
    return [value for (value,) in connection.execute(query.encode())]


def test_values_are_those_of_production(twin: Connection) -> None:
    assert all(1_000_001 <= number <= 1_005_000 for number in values(twin, "id"))
    assert set(values(twin, "country")) <= {"DE", "FR", "IT", None}
    assert all(text.startswith("C-") for text in values(twin, "code"))
    assert all(value % 1 in (0, 0.5) for value in values(twin, '"Total"'))
    assert {moment.year for moment in values(twin, "placed")} <= {2022, 2023}
    assert all(value in ({"i": 0}, {"i": 1}, {"i": 2}) for value in values(twin, "parts"))


def test_values_that_are_all_different_stay_so(twin: Connection) -> None:
    assert len(set(values(twin, "code"))) == 8
    assert len(set(values(twin, "id"))) == 8


def test_few_distinct_values_repeat(twin: Connection) -> None:
    states = values(twin, "state")
    assert set(states) == {"new", "paid"}
    assert states.count("paid") > states.count("new")
    assert set(values(twin, "always")) == {7}
    assert values(twin, "tags") == [["red", "blue"]] * 8


def test_nulls_follow_their_share(twin: Connection) -> None:
    assert values(twin, "country").count(None) == 2
    assert values(twin, "note").count(None) == 7
    assert values(twin, "never").count(None) == 8
    assert values(twin, '"Total"').count(None) == 0


def test_widths_follow_the_average(twin: Connection) -> None:
    widths = [len(text) for text in values(twin, "extra::text")]
    assert all(350 <= width <= 450 for width in widths)


def test_partitions_take_their_roots_statistics(database: Connection, snapshot: Snapshot) -> None:
    database.execute(
        b"CREATE TABLE orders (id bigint, country text) PARTITION BY LIST (country);"
        b"CREATE TABLE german PARTITION OF orders FOR VALUES IN ('DE');"
        b"CREATE TABLE others PARTITION OF orders DEFAULT;"
    )
    found = fill(database, snapshot.catalogue, snapshot)
    assert found.counts == {}
    found = fill(database, Catalogue(), snapshot)
    assert found.counts == {"public.german": 3, "public.orders": 6, "public.others": 3}
    rows = database.execute("SELECT DISTINCT country FROM german").fetchall()
    assert rows == [("DE",)]


def test_statistics_that_the_schema_has_outgrown_are_left_aside(database: Connection) -> None:
    database.execute(
        b"CREATE TYPE state AS ENUM ('old', 'older');"
        b"CREATE TABLE orders (id integer NOT NULL, state state NOT NULL, n int CHECK (n > 5))"
    )
    known = {"most_common_vals": "{a,b}", "most_common_freqs": "{0.5,0.5}"}
    columns = tuple(
        ColumnStatistics("public.orders", name, False, 0.0, 8, 2.0, known)
        for name in ("id", "state", "n")
    )
    snapshot = Snapshot("postgresql", 180000, "d", "test", "", Catalogue(), columns=columns)
    found = fill(database, Catalogue(), snapshot)
    assert found.counts == {"public.orders": 5}


def test_a_check_that_only_an_insert_can_judge_gets_rows(database: Connection) -> None:
    database.execute(b"CREATE TABLE orders (id integer, CHECK (tableoid > 0))")
    assert fill(database, Catalogue(), None).counts == {"public.orders": 5}
