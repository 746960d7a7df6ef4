from __future__ import annotations

import json

import pytest

from dbspecialist.engines.postgresql.columns_set import columns_set


def plan(text: str, operation: str = "Update") -> str:
    node = {
        "Node Type": "ModifyTable",
        "Operation": operation,
        "Schema": "public",
        "Relation Name": "t",
    }
    return json.dumps({"Query Text": text, "Plan": node})


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("UPDATE t SET a = a WHERE b = 1", ("a",)),
        ('UPDATE ONLY public.t AS x SET "B b" = 1, C = 2 FROM y WHERE z = 3', ("B b", "c")),
        ("UPDATE t SET (a, b) = (SELECT c, d FROM y WHERE e = f), g = 4", ("a", "b", "g")),
        ("UPDATE t SET a[1] = 3,b.c=ARRAY[4,5],d = 'x, e = 1' -- , f = 2", ("a", "b", "d")),
        ("UPDATE t SET a = CASE WHEN b IN (1, 2) THEN 3 ELSE 4 END RETURNING c", ("a",)),
        ("WITH u AS (UPDATE t SET a = 1 RETURNING b) UPDATE t SET c = 2", ("a", "c")),
    ],
)
def test_columns_of_an_update_are_read_from_its_text(text: str, columns: tuple[str, ...]) -> None:
    assert columns_set([plan(text)]) == {"public.t": columns}


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("UPDATE t SET 'a", "Update"),
        ("SELECT set_everything()", "Update"),
        ("DELETE FROM t", "Delete"),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1", "Insert"),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN UPDATE SET b = 1", "Merge"),
    ],
)
def test_anything_else_may_change_any_column(text: str, operation: str) -> None:
    assert columns_set([plan("UPDATE t SET a = 1"), plan(text, operation)]) == {}
