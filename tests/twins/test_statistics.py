"""Statistics captured from one database and put back into another with the same schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import (
    ColumnStatistics,
    ExtendedStatistics,
    RelationStatistics,
)
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.column_statistics import restore_columns
from dbspecialist.twins.extended_bytes import dependencies_bytes, distinct_bytes
from dbspecialist.twins.statistics import restore_relations, restore_statistics

Connection = psycopg.Connection[tuple[Any, ...]]

SCHEMA = """
    CREATE TYPE mood AS ENUM ('good', 'bad', 'odd');
    CREATE TABLE place (gone int, id int PRIMARY KEY, city text, region text, mood mood,
        price numeric(10, 2), span int4range, tags text[], words tsvector, seen timestamptz,
        code char(3), flag boolean);
    CREATE INDEX place_lower ON place (lower(city), (id % 7));
    CREATE INDEX place_some ON place (seen) WHERE mood = 'bad';
    CREATE STATISTICS both_kinds ON city, region, mood, flag FROM place;
    CREATE STATISTICS by_day (ndistinct, mcv) ON code, price, (date_trunc('day', seen, 'UTC')),
        (lower(region)) FROM place;
    CREATE STATISTICS one_expression ON (id % 7) FROM place;
    CREATE TABLE parent (at date, amount int) PARTITION BY RANGE (at);
    CREATE TABLE child PARTITION OF parent FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE STATISTICS of_parent ON at, amount FROM parent;
    CREATE TABLE base (a int, b int);
    CREATE TABLE heir (c int) INHERITS (base);
    CREATE STATISTICS of_base ON a, b FROM base
"""
DROPPED = "ALTER TABLE place DROP COLUMN gone"
ROWS = """
    SELECT setseed(0.1);
    INSERT INTO place SELECT n, 'City ' || n % 40, CASE WHEN n % 40 > 2 THEN 'R' || n % 40 / 8 END,
           (ARRAY['good', 'good', 'good', 'bad'])[1 + n % 4]::mood, n % 90 / 3.0,
           int4range(n % 100, n % 100 + n % 9), ARRAY['t' || n % 5, 't' || n % 11],
           to_tsvector('simple', 'word' || n % 30), timestamptz '2026-01-01' + n * interval '1 h',
           'c' || n % 12, n % 3 = 0
      FROM generate_series(1, 3000) AS n;
    INSERT INTO parent SELECT date '2026-01-01' + n % 300, n % 50
      FROM generate_series(1, 2000) AS n;
    INSERT INTO base SELECT n % 10, n % 5 FROM generate_series(1, 1000) AS n;
    INSERT INTO heir SELECT n % 20, n % 5, n FROM generate_series(1, 500) AS n;
    VACUUM ANALYZE
"""
VIEWS = {
    "pg_class": """SELECT oid::regclass::text, relpages, reltuples, relallvisible FROM pg_class
                    WHERE relnamespace = 'public'::regnamespace AND relkind <> 'p'
                    ORDER BY 1""",
    "pg_stats": "SELECT s::text FROM pg_stats s WHERE schemaname = 'public' ORDER BY 1",
    # Column numbers in the texts of n_distinct and dependencies are the twin's own.
    "pg_stats_ext": r"""
        SELECT statistics_name, inherited, most_common_vals::text, most_common_val_nulls::text,
               most_common_freqs, most_common_base_freqs, exprs,
               regexp_replace(n_distinct::text, '"[^"]+"', '', 'g'),
               regexp_replace(dependencies::text, '"[^"]+"', '', 'g')
          FROM pg_stats_ext WHERE schemaname = 'public' ORDER BY 1, 2""",
    "pg_stats_ext_exprs": "SELECT s::text FROM pg_stats_ext_exprs s ORDER BY 1",
}


def run(connection: Connection, script: str) -> None:
    for statement in script.split(";\n"):
        connection.execute(statement.encode())


@pytest.fixture(scope="module")
def source(cluster: Cluster) -> Iterator[Snapshot]:
    with cluster.connect() as admin:
        admin.execute("CREATE DATABASE statistics_source")
    with cluster.connect("statistics_source") as connection:
        run(connection, f"{SCHEMA};\n{DROPPED};\n{ROWS}")
    yield capture(cluster.url("statistics_source"))
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE statistics_source")


@pytest.fixture
def target(database: Connection) -> Connection:
    """The same schema without rows, and without the gap of a dropped column."""
    run(database, SCHEMA.replace("gone int, ", ""))
    return database


@pytest.mark.parametrize("view", VIEWS)
def test_restored_statistics_show_as_on_the_source(
    cluster: Cluster, source: Snapshot, target: Connection, view: str
) -> None:
    assert restore_statistics(target, source) == ()

    with cluster.connect("statistics_source") as connection:
        expected = connection.execute(VIEWS[view].encode()).fetchall()
    shown = target.execute(VIEWS[view].encode()).fetchall()
    assert len(expected) > 2
    assert shown == expected


def test_extended_statistics_name_the_twins_columns(source: Snapshot, target: Connection) -> None:
    restore_statistics(target, source)

    (distinct, dependencies) = target.execute("""
        SELECT n_distinct::text, dependencies::text FROM pg_stats_ext
         WHERE statistics_name = 'both_kinds'
    """).fetchone() or ("", "")
    assert distinct.startswith('{"2, 3": 40, "2, 4": ')  # city and region are columns 2 and 3
    assert '"2 => 3": ' in dependencies


def test_nothing_of_the_work_is_left_behind(source: Snapshot, target: Connection) -> None:
    restore_statistics(target, source)

    casts = "SELECT count(*) FROM pg_cast WHERE oid >= 16384"
    assert target.execute(casts).fetchone() == (0,)
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'dbs_scratch'"
    assert target.execute(schemas).fetchone() == (0,)


def test_event_triggers_of_the_schema_are_not_run(source: Snapshot, target: Connection) -> None:
    target.execute("""
        CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'no'; END $$
    """)
    target.execute("CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse()")

    assert restore_statistics(target, source) == ()


def test_most_common_items_have_the_sources_frequencies(
    source: Snapshot, target: Connection
) -> None:
    restore_statistics(target, source)

    rows = target.execute("""
        SELECT sum(m.frequency), count(*) FROM pg_statistic_ext s
          JOIN pg_statistic_ext_data d ON d.stxoid = s.oid, pg_mcv_list_items(d.stxdmcv) AS m
         WHERE s.stxname = 'both_kinds' AND m.values[1] = 'City 7'
    """)
    assert rows.fetchone() == (pytest.approx(0.025), 2)  # 3,000 rows, 40 cities, two flags


def test_scale_multiplies_pages_and_rows(target: Connection) -> None:
    restore_relations(target, [RelationStatistics("public.place", "table", 10, 500.0, 4)], 1000)

    row = target.execute(
        "SELECT relpages, reltuples, relallvisible FROM pg_class WHERE relname = 'place'"
    )
    assert row.fetchone() == (10_000, 500_000.0, 4_000)


def test_rows_written_as_whole_numbers_are_taken_beside_fractions(target: Connection) -> None:
    given = [RelationStatistics("public.place", "table", 1, rows) for rows in (0, 0.5)]
    restore_relations(target, [given[0], replace(given[1], relation="public.nowhere")])

    row = target.execute("SELECT reltuples FROM pg_class WHERE relname = 'place'")
    assert row.fetchone() == (0.0,)


def test_table_never_analysed_stays_so(target: Connection) -> None:
    restore_relations(target, [RelationStatistics("public.place", "table", 0, -1.0)], 1000)

    row = target.execute("SELECT reltuples FROM pg_class WHERE relname = 'place'")
    assert row.fetchone() == (-1.0,)


def test_pages_beyond_two_to_the_31_are_stored_unsigned(target: Connection) -> None:
    restore_relations(target, [RelationStatistics("public.place", "table", 3_000_000_000, 1e12)])

    row = target.execute("SELECT relpages FROM pg_class WHERE relname = 'place'")
    assert row.fetchone() == (3_000_000_000 - 2**32,)


def test_column_that_is_not_there_is_said(target: Connection) -> None:
    item = ColumnStatistics("public.place", "nowhere", False, 0.0, 4, -1.0)

    assert restore_columns(target, [item]) == (
        "statistics of public.place.nowhere: no such column on the twin",
    )


def test_values_that_the_type_refuses_are_said(target: Connection) -> None:
    values = {"most_common_vals": "{nonsense}", "most_common_freqs": "{0.5}"}
    item = ColumnStatistics("public.place", "mood", False, 0.0, 4, 3.0, values)

    said = restore_columns(target, [item])
    assert said[0] == "statistics of public.place.mood: not taken whole"
    assert 'invalid input value for enum mood: "nonsense"' in said[1]


def test_extended_statistics_that_are_not_there_are_said(
    source: Snapshot, target: Connection
) -> None:
    other = ExtendedStatistics("public.other", "public.place", False, '{"1, 2": 3}')

    assert restore_statistics(target, replace(source, extended=(other,))) == (
        "extended statistics public.other: not on the twin",
    )


def test_distinct_bytes_are_the_stored_form() -> None:
    assert distinct_bytes('{"1, 3": 11}', {1: 1, 3: 2}) == bytes.fromhex(
        "a4bf52a3 01000000 01000000 0000000000002640 02000000 0100 0200"
    )


def test_dependencies_bytes_are_the_stored_form() -> None:
    assert dependencies_bytes('{"3 => 1": 0.500000}', {1: 1, 3: 2}) == bytes.fromhex(
        "2c9a54b4 01000000 01000000 000000000000e03f 0200 0200 0100"
    )


def test_text_of_an_unknown_form_is_no_list() -> None:
    assert distinct_bytes('[{"attributes": [1, 2], "ndistinct": 3}]', {1: 1, 2: 2}) is None
    assert dependencies_bytes("{}", {}) is None
