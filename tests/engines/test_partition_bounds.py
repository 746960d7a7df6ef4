"""Bounds of partitions as conditions: rows go where the engine puts them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.partition_bounds import (
    bound_condition,
    leading_range,
    partition_key,
)

ROWS = """
    INSERT INTO rows SELECT a, b, c FROM unnest('{1,2,3,4,5,6,NULL}'::int[]) AS a,
      unnest('{a,b,c,NULL}'::text[]) AS b, unnest('{2026-01-01,2026-02-01,NULL}'::date[]) AS c
"""
BOUNDS = [
    ("RANGE (a)", "FROM (2) TO (5)"),
    ("RANGE (a)", "FROM (MINVALUE) TO (3)"),
    ("RANGE (a)", "FROM (3) TO (MAXVALUE)"),
    ("RANGE (a, b)", "FROM (2, 'b') TO (5, 'a')"),
    ("RANGE (a, b)", "FROM (2, MINVALUE) TO (5, MAXVALUE)"),
    ("RANGE (a, b)", "FROM (2, MAXVALUE) TO (5, MINVALUE)"),
    ("RANGE (a, b, c)", "FROM (2, 'b', '2026-02-01') TO (5, 'a', '2026-02-01')"),
    ("RANGE (a, b, c)", "FROM (2, MINVALUE, MINVALUE) TO (2, 'b', MAXVALUE)"),
    ("RANGE (lower(b), a)", "FROM ('b', 3) TO ('c', MINVALUE)"),
    ("RANGE (((a + 1)))", "FROM (3) TO (5)"),
    ("LIST (b)", "IN ('a', 'c')"),
    ("LIST (b)", "IN ('a', NULL)"),
    ("LIST (a)", "IN (NULL)"),
    ("HASH (a)", "WITH (modulus 3, remainder 1)"),
    ("HASH (a, b)", "WITH (modulus 2, remainder 0)"),
]


@pytest.mark.parametrize(("key", "bound"), BOUNDS)
def test_condition_holds_for_the_rows_that_the_engine_takes(
    database: psycopg.Connection[Any], key: str, bound: str
) -> None:
    database.execute("CREATE TABLE rows (a int, b text, c date)")
    database.execute(ROWS)
    database.execute(f"CREATE TABLE parent (LIKE rows) PARTITION BY {key}".encode())
    database.execute(f"CREATE TABLE part PARTITION OF parent FOR VALUES {bound}".encode())
    told = database.execute(
        "SELECT pg_get_partkeydef('parent'::regclass), pg_get_expr(relpartbound, oid),"
        " pg_get_partition_constraintdef(oid) FROM pg_class WHERE relname = 'part'"
    ).fetchone()
    assert told is not None
    parsed = partition_key(told[0])
    assert parsed is not None
    condition = bound_condition(parsed, told[1], "public.parent")
    both = database.execute(
        f"SELECT count(*) FILTER (WHERE {condition}), count(*) FILTER (WHERE {told[2]}),"
        f" count(*) FILTER (WHERE ({condition}) IS DISTINCT FROM ({told[2]})) FROM rows".encode()
    ).fetchone()
    assert both is not None
    assert both[0] == both[1] > 0
    assert both[2] == 0


@pytest.mark.parametrize(
    ("bound", "whole", "partly"),
    [
        ("FROM (2, 'b') TO (5, 'a')", "a > 2 AND a < 5", "a >= 2 AND a <= 5"),
        ("FROM (2, MINVALUE) TO (5, MINVALUE)", "a >= 2 AND a < 5", "a >= 2 AND a < 5"),
        ("FROM (2, MAXVALUE) TO (5, MAXVALUE)", "a > 2 AND a <= 5", "a > 2 AND a <= 5"),
        ("FROM (MINVALUE, MINVALUE) TO (5, 'a')", "a < 5", "a <= 5"),
    ],
)
def test_first_part_of_a_key_decides_alone_only_where_the_rest_cannot(
    bound: str, whole: str, partly: str
) -> None:
    key = partition_key("RANGE (a, b)")
    assert key is not None
    told = f"FOR VALUES {bound}"
    assert leading_range(key, told, whole=True) == f"a IS NOT NULL AND {whole}"
    assert leading_range(key, told, whole=False) == f"a IS NOT NULL AND {partly}"


def test_key_with_an_operator_class_of_its_own_is_not_compared() -> None:
    assert partition_key("RANGE (a text_pattern_ops)") is None
    assert partition_key('RANGE (a COLLATE "C", b)') is None


def test_default_partition_has_no_condition_of_its_own() -> None:
    key = partition_key("LIST (a)")
    assert key is not None
    assert bound_condition(key, "DEFAULT", "public.parent") == ""
