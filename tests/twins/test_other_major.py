"""A twin of a server of an older major, from Debian's packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ledger
import psycopg
import pytest
from source_server import source_server

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.range_statistics import HIDDEN_RANGES
from dbspecialist.twins.twin import open_twin

BINARIES = Path("/usr/lib/postgresql/15/bin")
RANGES = """SELECT attname, range_empty_frac, range_length_histogram::text,
                   range_bounds_histogram::text
              FROM pg_stats WHERE tablename = 'account' AND range_empty_frac IS NOT NULL
             ORDER BY 1"""

pytestmark = pytest.mark.needs_debian


@pytest.fixture(scope="module")
def old_server() -> Iterator[str]:
    with source_server(BINARIES) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            ledger.load(connection, 10_000)
        yield url


def test_schema_of_15_is_held_whole_with_its_range_statistics(old_server: str) -> None:
    snapshot = capture(old_server)
    assert snapshot.server_version // 10_000 == 15

    with open_twin(snapshot) as twin, twin.connect() as connection:
        assert twin.left_out == ()
        rows = connection.execute(RANGES.encode()).fetchall()
    assert [(row[0], row[1]) for row in rows] == [("limits", 0.0), ("valid", 0.0)]
    assert all(row[2].startswith("{") and row[3].startswith('{"[') for row in rows)


def test_role_that_may_not_read_pg_statistic_is_told(old_server: str) -> None:
    with psycopg.connect(old_server, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN")

    snapshot = capture(old_server.replace("postgres@", "reader@"))

    assert HIDDEN_RANGES in snapshot.unseen
