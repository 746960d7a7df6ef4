"""Rows under CHECKs that nobody wrote by hand."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.twins.rows import fill
from dbspecialist.twins.rows.regex import example, like_example

Connection = psycopg.Connection[tuple[Any, ...]]
COLUMNS = "i integer, j integer, n numeric(8, 2), t text, s varchar(12), d date, e date, b boolean"

numbers = st.integers(-1000, 1000)
integers = st.sampled_from(["i", "j"])
dates = st.dates().map(lambda day: f"DATE '{day:%Y-%m-%d}'")
words = st.text("abcxyz", min_size=1, max_size=6)
atoms = st.one_of(
    st.builds("{} {} {}".format, integers, st.sampled_from(["<", "<=", ">", ">=", "="]), numbers),
    st.builds("{} <> {}".format, integers, numbers),
    st.builds("i {} j".format, st.sampled_from(["<", ">", "<>", "="])),
    st.builds("n BETWEEN {0} AND {0} + {1}".format, numbers, st.integers(1, 50)),
    st.builds("i % {} = {}".format, st.integers(2, 5), st.integers(0, 1)),
    st.lists(words, min_size=1, max_size=4).map(
        lambda items: "t IN (" + ", ".join(f"'{item}'" for item in items) + ")"
    ),
    st.builds("length(s) {} {}".format, st.sampled_from(["=", ">=", "<"]), st.integers(2, 11)),
    st.builds("s LIKE '{}%'".format, words),
    st.builds("t ~ '^[a-{}]{{{},}}$'".format, st.sampled_from("fkz"), st.integers(1, 4)),
    st.builds("d {} {}".format, st.sampled_from(["<", ">"]), dates),
    st.sampled_from(
        ["d < e", "d <= e", "b", "NOT b", "lower(t) = t", "s IS NULL", "n > 0", "d IS NOT NULL"]
    ),
    st.sampled_from(["num_nonnulls(i, t, d) = 1", "num_nulls(s, e) = 1", "(t IS NULL) = b"]),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("({} OR {})".format, inner, inner),
        st.builds("({} AND {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=3,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(conditions, min_size=1, max_size=2))
def test_generated_checks_get_rows_or_cannot_have_any(
    database: Connection, checks: list[str]
) -> None:
    """A table that stays empty must refuse 20,000 random rows as well."""
    listed = ", ".join(f"CHECK ({check})" for check in checks)
    database.execute("DROP TABLE IF EXISTS checked")
    database.execute(f"CREATE TABLE checked ({COLUMNS}, {listed})".encode())
    found = fill(database, Catalogue(), None)
    if found.counts != {"public.checked": 5}:
        condition = " AND ".join(f"({check}) IS NOT FALSE" for check in checks)
        query = f"SELECT * FROM ({RANDOM_ROWS}) AS checked WHERE {condition} LIMIT 1"
        assert database.execute(query.encode()).fetchone() is None, checks


RANDOM_ROWS = """
    SELECT CASE WHEN random() < .9 THEN (random() * 2200 - 1100)::int END AS i,
           CASE WHEN random() < .9 THEN (random() * 2200 - 1100)::int END AS j,
           CASE WHEN random() < .9 THEN (random() * 2200 - 1100)::numeric(8, 2) END AS n,
           CASE WHEN random() < .9 THEN substr('abcxyz', (random() * 6)::int) END AS t,
           CASE WHEN random() < .9 THEN substr('abcxyzabcxyz', (random() * 12)::int) END AS s,
           CASE WHEN random() < .9 THEN DATE '0001-01-01' + (random() * 3650000)::int END AS d,
           CASE WHEN random() < .9 THEN DATE '0001-01-01' + (random() * 3650000)::int END AS e,
           CASE WHEN random() < .9 THEN random() < .5 END AS b
    FROM generate_series(1, 20000)
"""


@pytest.mark.parametrize(
    "check",
    [
        "total = price * quantity",
        "total = price * quantity AND price > 3 AND quantity > 1",
        "price + quantity + total = 100",
        "kind = 'a' AND price IS NOT NULL AND quantity IS NULL"
        " OR kind = 'b' AND price IS NULL AND quantity IS NOT NULL",
        "(data ->> 'version')::int >= 1 AND data ? 'version'",
        "jsonb_typeof(data) = 'array'",
        "cardinality(tags) BETWEEN 1 AND 3 AND array_position(tags, NULL) IS NULL",
        "tags <@ ARRAY['red', 'green', 'blue'] AND cardinality(tags) = 2",
        "upper(kind) = kind AND kind ~ '^[A-Z]{2}$'",
        "kind ~* '^https?://[a-z]+\\.(com|org)(/[\\w-]*)*$'",
        "ends > starts + interval '1 day' AND ends < starts + interval '30 days'",
        "extract(isodow FROM starts) = 1",
        "date_trunc('month', starts) = starts",
        "kind = md5(kind) OR length(kind) = 32",
        "price / quantity > 2",
        "octet_length(kind) > 100 AND kind LIKE 'x%'",
        "kind SIMILAR TO '(ab|cd)+'",
        "NOT (kind LIKE '%e%') AND kind <> ''",
    ],
)
def test_a_check_gets_rows(database: Connection, check: str) -> None:
    database.execute(
        "CREATE TABLE checked (id serial PRIMARY KEY, kind text NOT NULL, price numeric,"
        " quantity integer, total numeric NOT NULL, data jsonb NOT NULL, tags text[] NOT NULL,"
        f" starts timestamp NOT NULL, ends timestamp NOT NULL, CHECK ({check}))".encode()
    )
    found = fill(database, Catalogue(), None)
    assert found.counts == {"public.checked": 5}


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        r"^\d{3}-\d{2,4}$",
        "^(red|green|blue)?$",
        "^[^@]+@[^@]+$",
        r"^\w+\.\w+$",
        "^[[:upper:]][[:alnum:]_-]{2,}$",
        "^(?:ab)+c?$",
        "^#[0-9a-fA-F]{6}$",
        "^[+]?[0-9]{1,3}$",
    ],
)
def test_examples_match_their_pattern(pattern: str) -> None:
    rng = Random(1)
    python = pattern.replace("[[:upper:]]", "[A-Z]").replace("[:alnum:]", "a-zA-Z0-9")
    for _ in range(20):
        assert re.search(python, example(pattern, rng))


def test_examples_match_like() -> None:
    made = like_example(r"a%b_\%", Random(1))
    assert re.fullmatch("a.*b.%", made)
