"""Schemas of all sources, each against a .sql file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.snapshot_file import write_snapshot
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.schema_diff import SchemaDiff
from dbspecialist.tasks.migrate import diff
from dbspecialist.tasks.snapshot import snapshot

SCHEMA = """
create role app;
create extension pg_stat_statements;
create table users(id serial primary key, name text not null);
alter table users owner to app;
create view names as select name from users;
create function f() returns setof users language sql as 'select * from users';
"""

MODELS = """
from sqlalchemy import CheckConstraint, Column, Enum, Integer, MetaData, String, Table, Text

metadata = MetaData()
Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("mood", Enum("sad", "ok", name="mood"), server_default="ok"),
    CheckConstraint("name LIKE 'a%'", name="begins"),
)
number = 3
"""


@pytest.fixture
def wanted(tmp_path: Path) -> Path:
    path = tmp_path / "wanted.sql"
    path.write_text(
        f"{SCHEMA}alter table users add note text;".replace("create ext", "-- create ext")
    )
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def statements(found: SchemaDiff) -> list[str]:
    assert [proof.verdict for proof in (*found.up.proofs, *found.down.proofs)] == ["proven"] * 4
    return [*found.up.statements, *found.down.statements]


BOTH_WAYS = [
    "ALTER TABLE public.users ADD COLUMN note text",
    "ALTER TABLE public.users DROP COLUMN note",
]


def test_database_is_read_and_its_tools_do_not_count(
    database: psycopg.Connection[Any], wanted: Path
) -> None:
    database.execute("drop role if exists app")
    database.execute(SCHEMA)
    info = database.info
    url = f"postgresql://postgres:secret@/{info.dbname}?host={info.host}&port={info.port}"
    found = diff(url, wanted)
    database.execute("drop owned by app cascade; drop role app")
    assert statements(found) == BOTH_WAYS
    assert "secret" not in repr(found)
    assert found.notes == ()


def test_snapshot_is_compared(wanted: Path, tmp_path: Path) -> None:
    (tmp_path / "now.sql").write_text(SCHEMA)
    snapshot(tmp_path / "now.sql", tmp_path / "now.snapshot")
    assert statements(diff(tmp_path / "now.snapshot", wanted)) == BOTH_WAYS


def test_what_the_twin_cannot_hold_is_left_out_on_both_sides(wanted: Path, tmp_path: Path) -> None:
    (tmp_path / "now.sql").write_text(SCHEMA)
    taken = snapshot(tmp_path / "now.sql")
    broken = [
        replace(item, create="CREATE VIEW public.names USING nothing")
        if item.kind == "view"
        else item
        for item in taken.catalogue.objects
    ]
    write_snapshot(replace(taken, catalogue=Catalogue(tuple(broken))), tmp_path / "now.snapshot")
    found = diff(tmp_path / "now.snapshot", wanted)
    assert statements(found) == BOTH_WAYS
    assert found.notes == ('view public.names: left out (syntax error at or near "USING")',)


def test_models_keep_what_they_cannot_state(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tables.py").write_text(MODELS)
    (tmp_path / "now.sql").write_text(
        SCHEMA
        + "create table alembic_version(version_num text);"
        + "alter table users enable row level security; create policy p on users using (true);"
    )
    found = diff("now.sql", "shop.tables:metadata")
    assert statements(found)[:3] == [
        "CREATE TYPE public.mood AS ENUM ('sad', 'ok')",
        "ALTER TABLE public.users ADD COLUMN mood public.mood DEFAULT 'ok'::public.mood",
        "ALTER TABLE public.users ADD CONSTRAINT begins CHECK ((name ~~ 'a%'::text))",
    ]
    assert len(found.up.statements) == 3
    assert diff("shop.tables:metadata", "now.sql").up.statements == found.down.statements


def test_models_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tables.py").write_text(MODELS)
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "now.sql").write_text(SCHEMA)
    cases = {
        "missing:metadata": "No module named 'missing'",
        "broken:metadata": "ZeroDivisionError: division by zero",
        "tables:nothing": "AttributeError: module 'tables' has no attribute 'nothing'",
        "tables:number": "TypeError: a int is no metadata",
    }
    for name, reason in cases.items():
        with pytest.raises(InputError, match=reason):
            diff("now.sql", name)
    with pytest.raises(InputError, match="both sides are models"):
        diff("tables:metadata", "tables:metadata")


def test_folder_of_migrations_is_run(tmp_path: Path, wanted: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_first.sql").write_text(
        "create table users(id serial primary key, name text not null);"
    )
    (folder / "2_second.sql").write_text("alter table users add note text;")
    target = tmp_path / "target.sql"
    target.write_text("create table users(id serial primary key, note text, name text not null);")
    found = diff(folder, target)
    assert found.equal, found


def test_statements_are_for_the_server_that_the_snapshot_is_of(tmp_path: Path) -> None:
    (tmp_path / "now.sql").write_text(
        "create table a(id int not null, n int generated always as (id * 2) stored);"
    )
    (tmp_path / "wanted.sql").write_text(
        "create table b(id int not null, n int generated always as (id * 3) stored);"
    )
    taken = snapshot(tmp_path / "now.sql")
    for version, expected in (
        (
            180_000,
            [
                "ALTER TABLE public.a RENAME TO b",
                "ALTER TABLE public.b RENAME CONSTRAINT a_id_not_null TO b_id_not_null",
                "ALTER TABLE public.b ALTER COLUMN n SET EXPRESSION AS ((id * 3))",
            ],
        ),
        (
            150_000,
            [
                "ALTER TABLE public.a RENAME TO b",
                "ALTER TABLE public.b DROP COLUMN n",
                "ALTER TABLE public.b ADD COLUMN n integer GENERATED ALWAYS AS ((id * 3)) STORED",
            ],
        ),
    ):
        write_snapshot(replace(taken, server_version=version), tmp_path / "now.snapshot")
        found = diff("now.snapshot", "wanted.sql", renames={"a": "b"})
        assert list(found.up.statements) == expected
        assert len(statements(found)) == 6


def test_who_is_asked_decides_what_was_renamed(tmp_path: Path) -> None:
    (tmp_path / "now.sql").write_text("create table t(id int, name text, age int);")
    (tmp_path / "wanted.sql").write_text("create table t(id int, full_name text, years int);")
    asked = []

    def ask(old: str, new: str, seen: str) -> bool:
        asked.append((old, new, seen))
        return new == "years"

    found = diff("now.sql", "wanted.sql", ask=ask)
    assert asked == [
        (
            "public.t.name",
            "full_name",
            "column public.t.name (text) is gone and full_name (text) is new",
        ),
        (
            "public.t.age",
            "years",
            "column public.t.age (integer) is gone and years (integer) is new",
        ),
    ]
    assert statements(found) == [
        "ALTER TABLE public.t RENAME COLUMN age TO years",
        "ALTER TABLE public.t ADD COLUMN full_name text",
        "ALTER TABLE public.t DROP COLUMN name",
        "ALTER TABLE public.t RENAME COLUMN years TO age",
        "ALTER TABLE public.t ADD COLUMN name text",
        "ALTER TABLE public.t DROP COLUMN full_name",
    ]
    assert found.up.losses == ("the values of column public.t.name",)
