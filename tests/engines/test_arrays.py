from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbspecialist.engines.postgresql.arrays import array_text, array_values

ELEMENTS = st.lists(st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8")))


@given(ELEMENTS)
def test_array_comes_back_equal(values: list[str | None]) -> None:
    assert array_values(array_text(values)) == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=ELEMENTS)
def test_server_reads_and_writes_the_same_array(
    database: psycopg.Connection[tuple[Any, ...]], values: list[str | None]
) -> None:
    row = database.execute("SELECT %s::text[], %s::text[]::text", [array_text(values), values])
    read, written = row.fetchone() or ([], "")
    assert read == values
    assert array_values(written) == values
