from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.identifiers import object_name, quoted
from dbspecialist.twins.cluster import Cluster

NAMES = ["orders", "Order Items", "userId", 'a"b', "a.b", "1st", "täble", "_x", "x$y", ""]


def test_names_are_quoted_as_the_engine_quotes_them(cluster: Cluster) -> None:
    with cluster.connect() as connection:
        told = connection.execute("SELECT word FROM pg_get_keywords()").fetchall()
        names = [*NAMES, *(word for (word,) in told)]
        rows = connection.execute(
            "SELECT name, quote_ident(name) FROM unnest(%s::text[]) name", [names]
        ).fetchall()
    assert {name: quoted(name) for name, _ in rows} == dict(rows)


@pytest.mark.parametrize(
    ("relation", "column"),
    [
        ("orders", "user_id"),
        ("Order Items", "userId"),
        ('a"b', "c.d"),
        ("x" * 60, "y" * 40),
        ("x" * 10, "y" * 63),
        ("ä" * 30, "order"),
    ],
)
def test_made_up_names_are_the_engines(
    database: psycopg.Connection[tuple[Any, ...]], relation: str, column: str
) -> None:
    table, name = quoted(relation), quoted(column)
    database.execute(f"CREATE TABLE {table} ({name} int NOT NULL UNIQUE)".encode())
    told = database.execute("SELECT quote_ident(conname) FROM pg_constraint ORDER BY 1").fetchall()
    made = {object_name(table, name, label) for label in ("not_null", "key")}
    assert made <= {row[0] for row in told}
