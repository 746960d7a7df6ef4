"""Conditions on values that a type refuses, compared with what the engine refuses."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.proofs.data_fit.misfits import misfit

Database = psycopg.Connection[Any]
WORDS = ("", "abc", "abcd", "abc ", "abc   ", "äöü", "ab  cd")
NUMBERS = ("0", "99.994", "99.995", "-99.995", "32767", "32768", "-32768", "-32769", "32767.5")
LARGE = ("2147483647", "2147483648", "-2147483649", "9223372036854775807", "NaN", "Infinity")
INPUTS = ("1", "x", "1990-02-28", "1990-02-30", "{}", "new", "New", "1.5", " 7 ", "")

CASES = [
    ("text", "character varying(3)", WORDS),
    ("character varying(9)", "character(3)", WORDS),
    ("character(9)", "character varying(3)", WORDS),
    ("character varying", "character", WORDS),
    ("numeric", "numeric(4,2)", NUMBERS + LARGE),
    ("numeric", "numeric(2,-2)", NUMBERS + LARGE[:2]),
    ("numeric", "numeric(2,4)", ("0", "0.009", "0.0099", "0.00996", "1")),
    ("integer", "numeric(4,2)", ("0", "99", "100", "-100")),
    ("numeric", "smallint", NUMBERS + LARGE),
    ("numeric", "bigint", (*LARGE, "9223372036854775808")),
    ("bigint", "integer", LARGE[:4]),
    ("integer", "smallint", ("32767", "32768", "-32768", "-32769")),
    ("real", "integer", NUMBERS + LARGE),
    ("double precision", "integer", NUMBERS + LARGE),
    ("double precision", "bigint", LARGE),
    ("double precision", "numeric(4,2)", NUMBERS + LARGE[:3]),
    ("text", "integer", INPUTS),
    ("text", "date", INPUTS),
    ("text", "jsonb", INPUTS),
    ("text", "public.state", INPUTS),
    ("public.wide", "public.state", ("new", "lost")),
]


def refuses(database: Database, old: str, new: str, value: str) -> bool:
    using = f" USING v::text::{new}" if old in {"text", "public.wide"} else ""
    database.execute(f"CREATE TABLE t (v {old})".encode())
    database.execute("INSERT INTO t VALUES (%s)", [value])
    if old == "text" and new.startswith("character"):
        using = ""  # an explicit cast cuts
    try:
        database.execute(f"ALTER TABLE t ALTER v TYPE {new}{using}".encode())
    except (psycopg.DataError, psycopg.errors.FeatureNotSupported):  # 0A000 for NaN
        return True
    finally:
        database.execute("DROP TABLE t")
    return False


@pytest.mark.parametrize(("old", "new", "values"), CASES)
def test_misfit_holds_for_the_values_that_the_engine_refuses(
    database: Database, old: str, new: str, values: tuple[str, ...]
) -> None:
    database.execute("CREATE TYPE state AS ENUM ('new'); CREATE TYPE wide AS ENUM ('new', 'lost')")
    condition = misfit(old, new, "v", read_catalogue(database), 180_000)
    query = f"SELECT {condition} FROM (SELECT %s::{old} AS v) AS given".encode()
    told = {value: database.execute(query, [value]).fetchone() for value in kept(old, values)}
    assert told == {value: (refuses(database, old, new, value),) for value in kept(old, values)}
    assert {answer for (answer,) in told.values() if answer is not None} == {True, False}


def kept(old: str, values: tuple[str, ...]) -> list[str]:
    """Return the values that the old type takes."""
    return [value for value in values if "bigint" not in old or value != "9223372036854775808"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("character varying(3)", "character varying(9)"),
        ("character varying(3)", "text"),
        ("integer", "bigint"),
        ("smallint", "numeric(9,2)"),
        ("numeric(6,2)", "integer"),
        ("numeric(6,2)", "numeric(8,2)"),
        ("timestamp without time zone", "timestamp with time zone"),
        ("integer", "text"),
    ],
)
def test_misfit_is_empty_where_all_values_fit(old: str, new: str) -> None:
    assert misfit(old, new, "v", Catalogue(), 180_000) == ""


def test_misfit_of_texts_is_not_known_before_version_16() -> None:
    assert misfit("text", "date", "v", Catalogue(), 150_000) == ""
