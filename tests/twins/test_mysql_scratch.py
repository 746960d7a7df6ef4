from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.engines.mysql.driver import execute, rows
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.mysql.scratch import open_scratch
from dbspecialist.twins.mysql.server import Server, start_server

pytestmark = pytest.mark.needs_mariadb

_LEFT = "SELECT schema_name FROM information_schema.schemata ORDER BY 1"


@pytest.fixture(scope="module")
def empty() -> Iterator[Server]:
    with start_server("mariadb") as running:
        yield running


@pytest.fixture
def url(empty: Server) -> str:
    return f"mysql://root@localhost/?unix_socket={empty.socket}"


def test_migrations_are_proven_on_a_scratch_server_which_is_left_as_it_was(
    empty: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBS_MYSQLD", url)
    (tmp_path / "s.sql").write_text("create table orders(id bigint primary key);\n")
    (tmp_path / "m.sql").write_text("alter table orders add column n int;\n")
    with contextlib.closing(empty.connect()) as admin:
        before = rows(admin, _LEFT), rows(admin, "SELECT @@global.lock_wait_timeout")
        report = dbspecialist.prove(
            [tmp_path / "m.sql"], snapshot=tmp_path / "s.sql", engine="mariadb"
        )
        assert (rows(admin, _LEFT), rows(admin, "SELECT @@global.lock_wait_timeout")) == before
        assert rows(admin, "SELECT user FROM mysql.user WHERE user = 'dbs_owner'") == []
    (migration,) = report.migrations
    assert [item.algorithm for item in migration.statements] == ["INSTANT"]
    assert "the scratch server is not confined" in {item.basis for item in report.proofs}


def test_server_that_holds_tables_is_refused(empty: Server, url: str) -> None:
    with contextlib.closing(empty.connect()) as admin:
        execute(admin, "CREATE DATABASE production")
        execute(admin, "CREATE TABLE production.orders (id INT)")
        try:
            with (
                pytest.raises(InputError, match=r"holds databases: production \(1 tables\)"),
                open_scratch(url),
            ):
                pass
            assert rows(admin, "SELECT count(*) FROM production.orders") == [(0,)]
        finally:
            execute(admin, "DROP DATABASE production")


def test_second_run_on_one_scratch_server_is_refused(url: str) -> None:
    with (
        open_scratch(url),
        pytest.raises(InputError, match="another run has this scratch server"),
        open_scratch(url),
    ):
        pass


def test_scratch_server_that_does_not_answer_is_told() -> None:
    with (
        pytest.raises(InputError, match="Can't connect"),
        open_scratch("mysql://root@127.0.0.1:1/"),
    ):
        pass
