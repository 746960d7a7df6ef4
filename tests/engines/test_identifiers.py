from __future__ import annotations

import pytest

from dbspecialist.engines.postgresql.identifiers import joined, quoted
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
    ("names", "expected"),
    [
        (("orders", "user_id", "fkey"), "orders_user_id_fkey"),
        (('"Order Items"', '"userId"', "fkey"), '"Order Items_userId_fkey"'),
        (('"a""b"', "c"), '"a""b_c"'),
        (("x" * 70,), "x" * 63),
    ],
)
def test_names_are_joined_and_cut(names: tuple[str, ...], expected: str) -> None:
    assert joined(*names) == expected
