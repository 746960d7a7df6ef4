from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.snapshot import snapshot
from dbspecialist.tasks.twin import twin_open, twin_run

SCHEMA = """
create table parents(id integer primary key, name text, note text);
create index by_name on parents(name);
create table children(id integer primary key, parent_id integer references parents(id));
insert into parents values (1, 'a', null), (2, 'b', 'x');
analyze;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


def test_snapshot_holds_schema_statistics_and_sizes_but_no_value(file: Path) -> None:
    taken = snapshot(f"sqlite:///{file}")
    assert (taken.engine, taken.database, taken.source) == ("sqlite", "app", "app.db")
    assert {item.relation: item.tuples for item in taken.relations} == {
        "main.parents": 2,
        "main.children": 0,
    }
    assert taken.column["main.parents", "note"].null_frac == 0.5
    assert [item.create for item in taken.catalogue.of_kind("statistics")] == [
        "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('parents', 'by_name', '2 1')"
    ]


def test_snapshot_of_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(InputError, match="SQLite cannot read it: file is not a database"):
        snapshot(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(InputError, match="there is no file"):
        snapshot(f"sqlite:///{tmp_path}/b.db")


def test_twin_plans_by_production_statistics(file: Path, tmp_path: Path) -> None:
    snapshot(f"sqlite:///{file}", tmp_path / "app.snapshot")
    with (
        twin_open(tmp_path / "app.snapshot") as twin,
        closing(sqlite3.connect(twin.url.removeprefix("sqlite:///"))) as connection,
    ):
        found = connection.execute("SELECT stat FROM sqlite_stat1").fetchall()
        assert found == [("2 1",)]
        assert connection.execute("SELECT count(*) FROM parents").fetchone() == (0,)
        path = Path(twin.url.removeprefix("sqlite:///"))
    assert not path.exists()
    program = "import os, sys; sys.exit(os.environ['DATABASE_URL'].startswith('sqlite:///') + 4)"
    assert twin_run(tmp_path / "app.snapshot", [sys.executable, "-c", program]) == 5


def test_migrations_are_proven_on_the_engine_of_the_snapshot(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "001_a.sql").write_text("alter table parents add column n int not null;\n")
    (folder / "002_b.sql").write_text("alter table parents rename column name to label;\n")
    (folder / "002_b.down.sql").write_text("alter table parents rename column label to name;\n")
    report = dbspecialist.prove([folder], snapshot=snapshot(f"sqlite:///{file}"))
    assert report.twin.engine == "sqlite"
    first, second = report.migrations
    assert first.round_trip is not None
    assert first.round_trip.basis == (
        "the upgrade fails: SQLITE_ERROR: Cannot add a NOT NULL column with default value NULL"
    )
    assert second.round_trip is not None
    assert (second.round_trip.verdict, second.round_trip.tries) == ("tested", 6)


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("attach '{other}' as o", "SQLITE_AUTH"),
        ("vacuum into '{other}'", "SQLITE_AUTH"),
        ("select load_extension('x')", "SQLITE_ERROR"),
    ],
)
def test_migrations_reach_no_other_file(sql: str, refusal: str, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    (tmp_path / "m.sql").write_text(sql.format(other=other))
    report = dbspecialist.prove([tmp_path / "m.sql"], snapshot=snapshot(f"sqlite:///{file}"))
    error = report.migrations[0].statements[0].error
    assert error is not None
    assert error.sqlstate == refusal
    assert not other.exists()


def test_a_statement_without_end_is_stopped(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbspecialist.twins.sqlite.stage.Stage.statement_seconds", 0.3)
    (tmp_path / "m.sql").write_text(
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    )
    report = dbspecialist.prove([tmp_path / "m.sql"], snapshot=snapshot(f"sqlite:///{file}"))
    assert report.migrations[0].statements[0].unchecked == "it was stopped for its time"
