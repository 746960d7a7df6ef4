from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.modified_where import modified_where
from dbspecialist.engines.postgresql.query_plans import modified_rows

SCHEMA = """
CREATE TABLE "Order Items" (id bigint PRIMARY KEY, "userId" bigint, note text);
CREATE TABLE parted (id bigint, note text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
"""


@pytest.fixture
def explain(database: psycopg.Connection[tuple[Any, ...]]) -> Any:
    database.execute(SCHEMA.encode())

    def plan(sql: str) -> str:
        row = database.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {sql}".encode()).fetchone()
        assert row is not None
        return json.dumps(row[0][0])

    return plan


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('UPDATE "Order Items" SET note = 2', ""),
        ('UPDATE "Order Items" AS o SET note = 1 WHERE o.note IS NULL', "(note IS NULL)"),
        ('DELETE FROM "Order Items" WHERE id = 7', "(id = 7)"),
        ('UPDATE "Order Items" SET note = 1 WHERE "userId" > 1', '("userId" > 1)'),
    ],
)
def test_the_condition_of_one_table_is_told(explain: Any, sql: str, expected: str) -> None:
    assert modified_where([explain(sql)]) == {'public."Order Items"': expected}


def test_the_condition_of_partitions_is_told_once(explain: Any) -> None:
    told = explain("UPDATE parted SET note = '' WHERE note IS NULL")
    assert modified_where([told]) == {"public.parted": "(note IS NULL)"}


@pytest.mark.parametrize(
    "sql",
    [
        'UPDATE "Order Items" o SET note = p.note FROM parted p WHERE p.id = o.id',
        'DELETE FROM "Order Items" WHERE id IN (SELECT id FROM parted LIMIT 3)',
        "INSERT INTO parted VALUES (1)",
        "UPDATE parted SET note = '' WHERE false",
    ],
)
def test_joins_and_new_rows_have_no_condition_of_their_own(explain: Any, sql: str) -> None:
    assert modified_where([explain(sql)]) == {}


def test_two_queries_on_one_table_are_left_out(explain: Any) -> None:
    told = explain('DELETE FROM "Order Items" WHERE id = 7')
    assert modified_where([told, told]) == {}


def test_rows_are_told_by_quoted_names(explain: Any) -> None:
    assert list(modified_rows([explain('DELETE FROM "Order Items"')])) == ['public."Order Items"']
