from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.changed_columns import ColumnRow
from dbspecialist.engines.postgresql.copied_columns import copied_columns

SCHEMA = """
CREATE TABLE "Order Items" (id bigint PRIMARY KEY, "userId" bigint, note text);
CREATE TABLE copied (id bigint, "userId" bigint, note text);
"""
WHOLE = {
    "id": 'public."Order Items".id',
    '"userId"': 'public."Order Items"."userId"',
    "note": 'public."Order Items".note',
}
COLUMNS = {
    (2, number): ColumnRow(
        "public.copied", name, "text", "false", None, "", "", None, True, False, None
    )
    for number, name in enumerate(WHOLE, 1)
}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('INSERT INTO copied SELECT * FROM "Order Items"', WHOLE),
        (
            "INSERT INTO copied SELECT id, 7, coalesce(note, '') FROM \"Order Items\" o",
            {"id": WHOLE["id"], '"userId"': "", "note": ""},
        ),
        ('INSERT INTO copied SELECT * FROM "Order Items" WHERE note IS NOT NULL', None),
        ('INSERT INTO copied SELECT * FROM "Order Items" LIMIT 5', None),
        ('INSERT INTO copied SELECT o.* FROM "Order Items" o, copied c WHERE c.id = o.id', None),
        ("INSERT INTO copied VALUES (1)", None),
    ],
)
def test_columns_are_copied_by_a_scan_without_a_condition(
    database: psycopg.Connection[tuple[Any, ...]], sql: str, expected: dict[str, str] | None
) -> None:
    database.execute(SCHEMA.encode())
    row = database.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {sql}".encode()).fetchone()
    assert row is not None
    found = copied_columns([json.dumps(row[0][0])], (), COLUMNS)
    assert found == ({} if expected is None else {"public.copied": expected})
