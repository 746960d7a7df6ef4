"""What newer majors brought, tried on real servers of 14 to 18; and their snapshots, on a twin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import majors
import majors_names
import psycopg
import pytest
from servers import MAJORS, NoServerError, binaries
from source_server import source_server

import dbspecialist
from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.postgresql.majors import (
    NEWEST,
    features,
    functions,
    novelties,
    other_effects,
    settings,
)
from dbspecialist.facts.snapshot import Snapshot

HERE = Path(__file__).parent
Connections = dict[int, psycopg.Connection[Any]]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[int, str]]:
    with ExitStack() as running:
        try:
            places = {major: binaries(major) for major in MAJORS}
        except NoServerError as error:
            if os.environ.get("CI"):
                pytest.fail(str(error))
            pytest.skip(f"NOT TESTED: {error}")
        yield {
            major: running.enter_context(source_server(place)) for major, place in places.items()
        }


def made(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="module")
def connections(servers: dict[int, str]) -> Iterator[Connections]:
    with ExitStack() as opened:
        found = {}
        for major, url in servers.items():
            connection = psycopg.connect(made(url, "examples"), autocommit=True)
            found[major] = opened.enter_context(connection)
            connection.execute((HERE / "majors_schema.sql").read_bytes())
            connection.execute("CREATE ROLE someone")
        yield found


def answer(connection: psycopg.Connection[Any], sql: str, *, transaction: bool) -> str:
    """Return the SQLSTATE by which a server refuses a statement, or "" where it takes it."""
    if transaction:
        connection.execute("BEGIN")
    try:
        connection.execute(sql.encode())
    except psycopg.Error as error:
        return error.sqlstate or ""
    finally:
        if transaction:
            connection.execute("ROLLBACK")
    return ""


@pytest.mark.parametrize("item", features(), ids=lambda item: f"{item.major}: {item.what}")
def test_example_is_refused_by_older_servers_and_taken_by_its_own(
    item: Any, connections: Connections
) -> None:
    seen = {
        major: answer(connection, item.example, transaction=item.transaction)
        for major, connection in connections.items()
    }
    older = {seen[major] for major in MAJORS if major < item.major}
    assert older == {item.sqlstate}
    assert seen[item.major] in {"", item.taken}


@pytest.mark.parametrize("item", features(), ids=lambda item: f"{item.major}: {item.what}")
def test_example_is_recognised_for_older_servers_alone(item: Any) -> None:
    if item.engine not in {"unvalidated partitioned foreign key", "dropped not null"}:
        assert item.what in [found.what for found in novelties(item.example, item.major - 1)]
    assert novelties(item.example, item.major) == ()


def test_statements_that_all_servers_take_hold_nothing_new() -> None:
    found = [sql for sql in majors.statements() if novelties(sql, 14)]
    assert found == ["ALTER TABLE t SET ACCESS METHOD heap"]


def test_functions_of_the_list_are_unknown_to_the_major_before(connections: Connections) -> None:
    query = "SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
    known = {
        major: {row[0] for row in connection.execute(query.encode())}
        for major, connection in connections.items()
    }
    assert functions()["uuidv7"] == 18
    for name, major in functions().items():
        assert name in known[major], name
        assert name not in known[major - 1], name


def test_lists_of_names_are_those_of_the_servers(servers: dict[int, str]) -> None:
    assert settings()["transaction_timeout"] == 17
    listed = majors_names.new_names(majors_names.SETTINGS, servers)
    assert {f"{major} {name}" for name, major in settings().items()} == set(listed)


def test_newest_major_is_that_of_the_lists() -> None:
    told = [*(item.major for item in features()), *functions().values(), *settings().values()]
    assert max(told) == NEWEST


def test_words_of_bodies_are_read_and_those_of_strings_are_not() -> None:
    body = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN crc32('a'); END $$"
    assert [item.what for item in novelties(body, 17)] == ["function crc32()"]
    assert novelties(body.replace("plpgsql", "plpython3u"), 17) == ()
    assert novelties("INSERT INTO t VALUES ($$ SELECT crc32('a') $$)", 17) == ()
    assert novelties("SELECT 'it''s NOT ENFORCED' /* NULLS NOT DISTINCT */ -- MERGE INTO", 14) == ()
    assert novelties('SELECT "unclosed', 14) == ()


def test_settings_are_those_of_set_and_not_of_update() -> None:
    assert [item.what for item in novelties("SET LOCAL io_method = sync", 17)] == [
        "setting io_method"
    ]
    assert [item.what for item in novelties("ALTER ROLE r SET event_triggers TO off", 16)] == [
        "setting event_triggers"
    ]
    assert novelties("UPDATE t SET io_method = 1", 14) == ()


def test_every_difference_in_effects_is_told_and_none_that_is_not(
    servers: dict[int, str],
) -> None:
    found = majors.compared(servers)
    assert majors.untold(found) == []
    for item in other_effects():
        for statement in item.statements:
            assert item.is_of(statement)
            assert max(found[statement]) == item.until, statement


# ------------------------------------------------------------------------------- snapshots

READER = """
GRANT USAGE ON SCHEMA app TO reader;
INSERT INTO app.base SELECT n % 3, 'b' FROM generate_series(1, 300) n WHERE n % 3 <> 5;
ANALYZE
"""


@pytest.fixture(scope="module")
def rich(servers: dict[int, str]) -> dict[int, str]:
    found = {}
    for major, url in servers.items():
        found[major] = made(url, "rich")
        with psycopg.connect(found[major], autocommit=True) as connection:
            connection.execute("CREATE ROLE reader LOGIN IN ROLE pg_read_all_stats")
            connection.execute((HERE / "rich_schema.sql").read_bytes())
            if major >= 15:
                connection.execute((HERE / "schema_15.sql").read_bytes())
            if major >= 18:
                connection.execute((HERE / "schema_18.sql").read_bytes())
            connection.execute(READER.encode())
            connection.execute("CREATE EXTENSION pg_stat_statements SCHEMA app")
    return found


def proven(snapshot: Snapshot, folder: Path) -> dbspecialist.Report:
    (folder / "1.sql").write_text(
        "ALTER TABLE app.base ADD COLUMN z int;\nCREATE INDEX ON app.base (b);\n"
    )
    return dbspecialist.prove([folder], snapshot=snapshot)


@pytest.mark.parametrize("major", MAJORS)
def test_snapshot_of_every_major_is_held_by_a_twin(
    rich: dict[int, str], major: int, tmp_path: Path
) -> None:
    snapshot = capture(rich[major])
    assert snapshot.server_version // 10_000 == major
    assert snapshot.relation["app.base"].tuples == 300
    report = proven(snapshot, tmp_path)
    left_out = [item for item in report.twin.left_out if not item.startswith("workload")]
    lost = [item for item in left_out if "stood in for" not in item]
    assert {item.split(":")[0] for item in lost} == (
        {"extended statistics app.st"} if major == 14 else set()
    )
    assert report.summary["statements"] == 2
    assert report.summary["error"] == 0
    assert "build-index-concurrently" in {item.rule for item in report.findings}


@pytest.mark.parametrize("major", MAJORS)
def test_snapshot_by_a_role_that_reads_statistics_alone_is_proven_on(
    rich: dict[int, str], major: int, tmp_path: Path
) -> None:
    snapshot = capture(rich[major].replace("postgres@", "reader@"), redact=True)
    assert snapshot.relation["app.base"].tuples == 300
    assert proven(snapshot, tmp_path).summary["error"] == 0
