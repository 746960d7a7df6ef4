"""Phases planned for an older server, carried out on one of PostgreSQL 15 and taken back."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from requested import BILLION, Database, carry_out, plan, take_back
from source_server import source_server

SCHEMA = """
CREATE TABLE users (
    id bigint PRIMARY KEY, mail varchar(50) UNIQUE, size int NOT NULL DEFAULT 1, bio text
);
CREATE INDEX users_by_size ON users (size, mail);
CREATE TABLE events (id bigint, at timestamptz, PRIMARY KEY (id, at));
"""
LARGE = {"users": BILLION, "events": BILLION}
DEBIAN = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with source_server(DEBIAN) as found:
        yield found


@pytest.fixture
def older(url: str) -> Iterator[Database]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield connection


@pytest.mark.needs_debian
@pytest.mark.parametrize(
    "asked",
    [
        "add-column users token uuid --default 'gen_random_uuid()' --not-null",
        "set-not-null users bio --fill \"'x'\"",
        "add-unique users bio",
        "drop-column users size",
        "rename-column users bio about",
        "change-type users size bigint",
        "split-table users profiles bio",
        "partition events at 2100-01-01",
    ],
)
def test_phases_run_on_an_older_server_and_back(
    asked: str, tmp_path: Path, older: Database
) -> None:
    found = plan(tmp_path, SCHEMA, asked, rows=LARGE, version=150_000)
    assert found.refuted == ()
    older.execute(SCHEMA.encode())
    older.execute("INSERT INTO users (id, mail) SELECT n, 'm' || n FROM generate_series(1, 50) n")
    if "unique" in asked:
        older.execute("UPDATE users SET bio = mail")
    carry_out(older, found.phases)
    take_back(older, found.phases)
    counted = older.execute("SELECT count(*), count(DISTINCT mail) FROM users").fetchone()
    assert counted == (50, 50)
