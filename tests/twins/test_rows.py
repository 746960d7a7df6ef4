"""Rows in a schema that has one table for each kind of constraint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.rows import Filled, fill

SCHEMA = (Path(__file__).parent / "rows_schema.sql").read_text()
Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[tuple[Connection, Filled]]:
    with cluster.connect() as admin:
        admin.execute("CREATE DATABASE rows_filled")
    with cluster.connect("rows_filled") as connection:
        connection.execute(SCHEMA)
        yield connection, fill(connection, Catalogue(), None)
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE rows_filled WITH (FORCE)")


def one(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_every_table_gets_its_rows(filled: tuple[Connection, Filled]) -> None:
    _, outcome = filled
    short = {name: count for name, count in outcome.counts.items() if count != 5}
    assert short == {
        "public.events": 8,
        "public.events_2020": 2,
        "public.events_2021": 4,
        "public.events_2021_a": 2,
        "public.events_2021_b": 2,
        "public.events_rest": 2,
        "public.booleans": 2,
        "public.hashed": 6,
        "public.hashed_0": 2,
        "public.hashed_1": 2,
        "public.hashed_2": 2,
        "public.lone": 1,
        "public.seeded": 1,
        "public.shelves": 6,
        "public.shelves_a": 3,
        "public.shelves_b": 3,
    }
    assert len(outcome.counts) == 54


def test_empty_tables_are_told_with_the_reason(filled: tuple[Connection, Filled]) -> None:
    _, outcome = filled
    assert outcome.left_empty == {
        "public.always": "inserts were accepted and left no row, as a trigger that fires ALWAYS"
        " can make them",
        "public.hopeless": "foreign key hopeless_id_fkey refers to public.impossible,"
        " which holds no row",
        "public.impossible": "no row was found that satisfies impossible_id_check",
    }


def test_counts_are_those_of_the_engine(filled: tuple[Connection, Filled]) -> None:
    connection, outcome = filled
    for name, count in outcome.counts.items():
        only = "" if name in ("public.events", "public.events_2021", "public.hashed") else "ONLY"
        only = "" if name == "public.shelves" else only
        assert one(connection, f"SELECT count(*) FROM {only} {name}") == count, name


def test_foreign_keys_and_checks_hold_when_the_engine_validates_them(
    filled: tuple[Connection, Filled],
) -> None:
    """Every constraint is dropped and made again, so that the engine reads all rows."""
    connection, _ = filled
    rows = connection.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE contype IN ('f', 'c', 'x') AND conrelid <> 0"
        " AND connamespace = 'public'::regnamespace AND conparentid = 0 AND coninhcount = 0"
    ).fetchall()
    assert len(rows) > 30
    with connection.transaction(force_rollback=True):
        for table, name, definition in rows:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())


def test_deferrable_unique_holds(filled: tuple[Connection, Filled]) -> None:
    connection, _ = filled
    assert one(connection, "SELECT count(DISTINCT position) FROM seats") == 5


def test_nullable_columns_hold_a_null_where_nothing_is_known(
    filled: tuple[Connection, Filled],
) -> None:
    connection, outcome = filled
    columns = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'kinds'::regclass AND attnum > 0"
    ).fetchall()
    for (column,) in columns:
        query = sql.SQL("SELECT count(*) FROM kinds WHERE num_nulls({0}) = 1")
        row = connection.execute(query.format(sql.Identifier(column))).fetchone()
        assert row is not None and row[0] >= 1, column
        assert f"public.kinds.{column}" in outcome.assumed
    assert (
        one(connection, "SELECT count(*) FROM strict_kinds WHERE num_nulls(strict_kinds.*) > 0")
        == 0
    )


def test_edge_cases_are_among_values_by_type(filled: tuple[Connection, Filled]) -> None:
    connection, _ = filled
    assert one(connection, "SELECT count(*) FROM strict_kinds WHERE t = ''") == 1
    assert one(connection, "SELECT count(*) FROM strict_kinds WHERE length(v) = 7") >= 1
    assert one(connection, "SELECT count(*) FROM strict_kinds WHERE l = 9223372036854775807") == 1
    assert one(connection, "SELECT count(*) FROM strict_kinds WHERE i < 0") == 1
    assert one(connection, "SELECT count(*) FROM strict_kinds WHERE NOT isfinite(dt)") == 0
    assert one(connection, "SELECT count(*) FROM strict_kinds WHERE t LIKE '%漢字%'") == 1


def test_sequences_move_past_the_rows(filled: tuple[Connection, Filled]) -> None:
    connection, _ = filled
    highest = one(connection, "SELECT max(id) FROM users")
    assert one(connection, "SELECT nextval('users_id_seq')") > highest


def test_the_session_is_left_as_it_was(filled: tuple[Connection, Filled]) -> None:
    connection, _ = filled
    assert one(connection, "SHOW session_replication_role") == "origin"


def dump(connection: Connection, names: list[str]) -> dict[str, Any]:
    return {
        name: one(connection, f"SELECT array_agg(t::text ORDER BY t::text) FROM {name} t")
        for name in names
    }


def test_the_same_seed_gives_the_same_rows(database: Connection, cluster: Cluster) -> None:
    names = ["users", "codes", "kinds", "bookings", "memberships", "hashed", "hens", "left_side"]
    seen = []
    for seed in (7, 7, 8):
        database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        database.execute(SCHEMA)
        fill(database, Catalogue(), None, seed=seed)
        seen.append(dump(database, names))
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_only_named_tables_and_those_they_refer_to_are_filled(database: Connection) -> None:
    database.execute(SCHEMA)
    outcome = fill(database, Catalogue(), None, tables=["public.likes"], rows_per_table=3)
    assert outcome.counts == {
        "public.likes": 3,
        "public.projects": 3,
        "public.seeded": 1,
        "public.tenants": 3,
        "public.users": 3,
    }


def test_columns_that_came_later_get_values(database: Connection) -> None:
    database.execute("CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (id serial)")
    fill(database, Catalogue(), None)
    database.execute(
        "ALTER TABLE b ADD a_id integer REFERENCES a, ADD name text, ADD kind text,"
        " ADD no integer UNIQUE, ADD CHECK (kind IN ('x', 'y')), ADD tag text DEFAULT 't';"
        "CREATE TABLE c (b_name text)"
    )
    assert fill(database, Catalogue(), None).counts == {"public.a": 5, "public.b": 5, "public.c": 5}
    assert one(database, "SELECT count(name) + count(kind) + count(a_id) + count(no) FROM b") == 0
    fill(database, Catalogue(), None, complete=True)
    assert one(database, "SELECT count(name) FROM b") == 4
    assert one(database, "SELECT count(kind) FROM b") == 4
    assert one(database, "SELECT count(DISTINCT no) FROM b") == 4
    assert one(database, "SELECT count(*) FROM b JOIN a ON a.id = a_id") == 4
    assert one(database, "SELECT count(*) FROM b WHERE tag = 't'") == 5
    before = dump(database, ["a", "b", "c"])
    fill(database, Catalogue(), None, complete=True)
    assert dump(database, ["a", "b", "c"]) == before
