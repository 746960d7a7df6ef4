from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymysql.err import MySQLError

from dbspecialist.engines.mysql.capture import capture
from dbspecialist.engines.mysql.driver import execute, rows
from dbspecialist.engines.mysql.server import open_session, read_url
from dbspecialist.engines.snapshot_file import read_snapshot, write_snapshot
from dbspecialist.facts.catalogue import differences
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.mysql.server import Server, start_server
from dbspecialist.twins.mysql.stage import open_stage

pytestmark = pytest.mark.needs_mariadb


@pytest.fixture(scope="module")
def source() -> Iterator[Server]:
    options = {"performance-schema": "ON"}
    with start_server("mariadb", options) as server:
        with contextlib.closing(server.connect()) as admin:
            execute(admin, "CREATE DATABASE shop CHARACTER SET utf8mb4")
            admin.select_db("shop")
            execute(
                admin,
                "CREATE TABLE users (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, "
                "email VARCHAR(50) NOT NULL, kind ENUM('a','b') DEFAULT 'a', "
                "nick VARCHAR(20), note TEXT COMMENT 'it''s', UNIQUE KEY (email), FULLTEXT (note))",
            )
            execute(
                admin,
                "CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id INT UNSIGNED, "
                "total DECIMAL(10,2) CHECK (total >= 0), "
                "twice DECIMAL(12,2) AS (total * 2) VIRTUAL, "
                "made_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP, KEY by_user (user_id, made_at), "
                "CONSTRAINT o_u FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)",
            )
            execute(admin, "CREATE TABLE `odd name` (id INT PRIMARY KEY) PARTITION BY HASH (id)")
            execute(admin, "CREATE VIEW b AS SELECT email FROM users")
            execute(admin, "CREATE VIEW a AS SELECT email FROM b")
            execute(admin, "CREATE FUNCTION f (a INT) RETURNS INT DETERMINISTIC RETURN a + 1")
            execute(
                admin,
                "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = NEW.total",
            )
            execute(admin, "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
            execute(admin, "INSERT INTO alembic_version VALUES ('abc')")
            execute(admin, "INSERT INTO users (email, nick) VALUES ('a', 'x'), ('b', NULL)")
            execute(admin, "SET GLOBAL lock_wait_timeout = 50")
            execute(admin, "SELECT email FROM users WHERE id = 1")
            execute(admin, "ANALYZE TABLE users PERSISTENT FOR ALL")
            execute(admin, "CREATE USER reader@localhost IDENTIFIED BY 'secret'")
            execute(admin, "GRANT SELECT ON shop.* TO reader@localhost")
        yield server


def url(server: Server, user: str = "root", password: str = "") -> str:
    return f"mysql+pymysql://{user}:{password}@localhost/shop?unix_socket={server.socket}"


def test_snapshot_holds_sizes_statistics_settings_workload_and_revisions(source: Server) -> None:
    taken = capture(url(source))
    assert (taken.engine, taken.database, taken.revisions) == (
        "mariadb",
        "shop",
        {"shop.alembic_version": ("abc",)},
    )
    assert taken.relation["shop.users"].tuples == 2
    assert (taken.relation["shop.orders"].tuples, taken.relation["shop.orders"].pages) == (0, 0)
    nick = taken.column["shop.users", "nick"]
    assert (nick.null_frac, nick.values["max_value"]) == (0.5, "x")
    assert taken.settings["lock_wait_timeout"] == "50"
    assert [(item.name, item.last_value, item.maximum) for item in taken.sequences] == [
        ("shop.users.id", 2, 2**32 - 1)
    ]
    assert any("`email`" in item.query for item in taken.workload)
    assert taken.unseen == ()


def test_redacted_snapshot_holds_no_value(source: Server) -> None:
    taken = capture(url(source), redact=True)
    assert taken.column["shop.users", "nick"].null_frac == 0.5
    assert [item.values for item in taken.columns if item.values] == []


def test_snapshot_file_gives_the_same_catalogue_on_a_twin(
    source: Server, mariadb: Server, tmp_path: Path
) -> None:
    taken = capture(url(source))
    write_snapshot(taken, tmp_path / "shop.snapshot")
    read = read_snapshot(tmp_path / "shop.snapshot")
    with open_stage(read, server=mariadb) as stage:
        assert differences(taken.catalogue, stage.read()) == ()
        assert stage.left_out == ()
        kinds = {item.kind for item in taken.catalogue.objects}
    assert kinds == {
        *("table", "column", "index", "constraint", "view", "function", "trigger"),
    }


def test_role_with_select_alone_says_what_it_could_not_see(source: Server) -> None:
    taken = capture(url(source, "reader", "secret"))
    assert "secret" not in repr(taken)
    assert taken.relation["shop.users"].tuples == 2
    assert sorted(item.partition(" (")[0] for item in taken.unseen) == [
        "column statistics of mysql.column_stats",
        "index statistics of mysql.innodb_index_stats",
        "row counts of mysql.innodb_table_stats",
        "the workload of performance_schema",
        "view shop.a",
        "view shop.b",
    ]


def test_session_writes_nothing_and_does_not_wait(source: Server) -> None:
    with open_session(
        url(source), connect_timeout=5, statement_timeout_ms=500, lock_timeout_ms=1000
    ) as session:
        with pytest.raises(MySQLError, match="READ ONLY"):
            execute(session.connection, "INSERT INTO users (email) VALUES ('z')")
        with pytest.raises(MySQLError, match="max_statement_time"):
            rows(session.connection, "SELECT sleep(5), count(*) FROM users")
        assert session.rows("SELECT @@lock_wait_timeout") == [(1,)]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("mysql://localhost", "names no database"),
        ("mysql://u:geheim@localhost:port/shop", "cannot be read"),
        ("postgresql://localhost/shop", "not of MySQL or MariaDB"),
    ],
)
def test_url_that_cannot_be_used_is_refused_without_its_password(given: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        read_url(given)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"user": "reader", "password": "wrong"}, "refuses user name and password"),
        ({"user": "nobody"}, "refuses user name and password"),
    ],
)
def test_server_that_refuses_is_told_in_one_line(
    source: Server, change: dict[str, Any], what: str
) -> None:
    with pytest.raises(InputError, match=what) as caught:
        capture(url(source, **change))
    assert "wrong" not in str(caught.value)
