from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from dbspecialist.engines.mysql.driver import execute, rows
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.mysql.rates import Rates
from dbspecialist.proofs.mysql.scripts import NAME
from dbspecialist.proofs.mysql.trials import try_migrations
from dbspecialist.proofs.scripts import read_scripts
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.mysql.rows import fill
from dbspecialist.twins.mysql.server import Server
from dbspecialist.twins.mysql.stage import open_stage

pytestmark = pytest.mark.needs_mariadb

RATES = Rates(1e5, 1e5, 1e5, 1e5)
SCHEMA = """
CREATE TABLE users (id INT PRIMARY KEY, nick VARCHAR(20), kind ENUM('a','b') NOT NULL,
 at DATETIME, place POINT, price DECIMAL(5,2), flags SET('x','y'), data JSON, raw VARBINARY(9));
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT NOT NULL, n TINYINT,
 FOREIGN KEY (user_id) REFERENCES users (id));
"""


@pytest.fixture
def snapshot(mariadb: Server) -> Snapshot:
    empty = Snapshot("mariadb", 101119, "shop", "a test", "", Catalogue())
    with open_stage(empty, server=mariadb) as stage:
        with contextlib.closing(stage.session()) as session:
            for statement in SCHEMA.strip().split(";")[:-1]:
                execute(session, statement)
        return Snapshot("mariadb", 101119, "shop", "a test", "", stage.read())


def tried(
    mariadb: Server, snapshot: Snapshot, folder: Path, *scripts: tuple[str, str]
) -> tuple[Trial, ...]:
    for number, (up, down) in enumerate(scripts, 1):
        (folder / f"{number}.sql").write_text(up)
        if down:
            (folder / f"{number}.down.sql").write_text(down)
    project = SqlFiles(folder, folder, dialect="mariadb")
    with open_stage(snapshot, server=mariadb) as stage:
        told = read_scripts(project, project.history(), NAME)
        run = try_migrations(stage, project, told, snapshot=snapshot, rates=RATES)
    return run.trials


def test_every_table_gets_rows_that_keep_its_constraints(
    mariadb: Server, snapshot: Snapshot
) -> None:
    with (
        open_stage(snapshot, server=mariadb) as stage,
        contextlib.closing(stage.session()) as session,
    ):
        assert fill(session, stage.read()) == []
        assert rows(session, "SELECT id, nick, kind, price FROM users ORDER BY id") == [
            (1, "1", "a", 1),  # the largest text is no JSON, so that the row is an ordinary one
            (2, None, "b", None),
            (3, "3", "a", 3),
        ]
        assert rows(session, "SELECT id, user_id, n FROM orders ORDER BY id") == [
            (1, 1, 127),
            (2, 2, None),
            (3, 3, 3),
        ]


def test_way_back_is_run_with_rows(mariadb: Server, snapshot: Snapshot, tmp_path: Path) -> None:
    works, lossy, incomplete = tried(
        mariadb,
        snapshot,
        tmp_path,
        ("ALTER TABLE orders ADD x INT", "ALTER TABLE orders DROP x"),
        ("ALTER TABLE users DROP nick", "ALTER TABLE users ADD nick VARCHAR(20) AFTER id"),
        ("ALTER TABLE users ADD y INT, ADD INDEX (at)", "ALTER TABLE users DROP y"),
    )
    assert [item.round_trip and item.round_trip.kind for item in (works, lossy, incomplete)] == [
        "works",
        "lossy",
        "incomplete",
    ]
    assert incomplete.round_trip is not None
    assert incomplete.round_trip.proof.verdict == "refuted"
    assert "shop.users.at" in incomplete.round_trip.proof.basis


def test_migration_that_rows_refuse_is_tried_without_and_the_next_with_rows(
    mariadb: Server, snapshot: Snapshot, tmp_path: Path
) -> None:
    first, second = tried(
        mariadb,
        snapshot,
        tmp_path,
        ("UPDATE orders SET n = n + 1;\nALTER TABLE orders ADD x INT", "ALTER TABLE orders DROP x"),
        ("ALTER TABLE orders ADD y INT", "ALTER TABLE orders DROP y"),
    )
    assert [(item.index, item.error.sqlstate) for item in first.rows_errors] == [(0, "22003")]
    assert first.round_trip is not None
    assert first.round_trip.kind == "works"
    assert second.round_trip is not None
    assert "with 6 rows in 2 tables" in second.round_trip.proof.basis


def test_run_stops_at_a_refusal_and_says_so_of_what_follows(
    mariadb: Server, snapshot: Snapshot, tmp_path: Path
) -> None:
    first, second = tried(
        mariadb, snapshot, tmp_path, ("ALTER TABLE nothing ADD x INT", ""), ("SELECT 1", "")
    )
    assert first.statements[0].error is not None
    assert first.statements[0].error.sqlstate == "42S02"
    assert (second.statements, second.untried) == ((), "1 stops before it")
