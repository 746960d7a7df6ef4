"""What queries write, read from plans of the engine itself."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.rows_written import rows_written
from dbspecialist.facts.written import Written

SCHEMA = """
CREATE TABLE a (id bigint PRIMARY KEY, v text, made timestamptz DEFAULT now());
CREATE TABLE b (id int PRIMARY KEY, v text);
CREATE TABLE parted (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
"""


@pytest.fixture
def written(database: psycopg.Connection[tuple[Any, ...]]) -> Any:
    database.execute(SCHEMA.encode())

    def explain(sql: str) -> tuple[Written, ...]:
        row = database.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {sql}".encode()).fetchone()
        assert row is not None
        return rows_written([json.dumps({"Query Text": sql, **row[0][0]})])

    return explain


INSERTS = [
    (
        "INSERT INTO a VALUES (5, 'it''s')",
        Written("public.a", "insert", (("'5'::bigint", "'it''s'::text", "now()"),), (), ""),
    ),
    (
        "INSERT INTO b (v, id) VALUES ('x, (', 1), ('y', -2)",
        Written("public.b", "insert", (("1", "'x, ('"), ("-2", "'y'")), (), ""),
    ),
    (
        "INSERT INTO b VALUES (1, 'x') ON CONFLICT DO NOTHING",
        Written("public.b", "insert", (("1", "'x'::text"),), (), "", "NOTHING"),
    ),
    (
        "INSERT INTO b SELECT o.id + 1, o.v FROM a AS o WHERE o.v = 'z'",
        Written("public.b", "insert", (("(id + 1)", "v"),), ("public.a",), "(v = 'z'::text)"),
    ),
]


@pytest.mark.parametrize(("sql", "expected"), INSERTS)
def test_insert_tells_its_rows(written: Any, sql: str, expected: Written) -> None:
    (found,) = written(sql)
    if expected.sources:  # the cast to the column's type stands in the plan
        assert found.values[0][1] == "v"
        assert (found.sources, found.condition) == (expected.sources, expected.condition)
    else:
        assert found == expected


def test_insert_from_several_tables_tells_which(written: Any) -> None:
    (found,) = written("INSERT INTO b SELECT a.id, b.v FROM a JOIN b USING (id)")
    assert found.sources == ("public.a", "public.b")
    assert found.condition is None


@pytest.mark.parametrize(
    ("sql", "values", "condition"),
    [
        ("UPDATE b SET id = 1", ("1",), ""),
        ("UPDATE b AS o SET v = o.v || 'x', id = -o.id WHERE o.id > 3", None, "(id > 3)"),
        ("UPDATE parted SET note = 'n'", ("'n'::text",), ""),
        ("UPDATE b SET v = a.v FROM a WHERE a.id = b.id", None, None),
    ],
)
def test_update_tells_what_it_sets_and_where(
    written: Any, sql: str, values: tuple[str, ...] | None, condition: str | None
) -> None:
    (found,) = written(sql)
    assert found.operation == "update"
    assert found.condition == condition
    if values is not None:
        assert found.values == (values,)


def test_delete_tells_its_condition(written: Any) -> None:
    (found,) = written("DELETE FROM a WHERE id < 10")
    assert found == Written("public.a", "delete", (), (), "(id < 10)")


def test_more_rows_than_are_written_by_hand_are_cut(written: Any) -> None:
    rows = ", ".join(f"({n}, 'x')" for n in range(1, 1200))
    (found,) = written(f"INSERT INTO b VALUES {rows}")
    assert len(found.values) == 200
