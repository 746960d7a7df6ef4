from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.cli import main
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_down import way_back
from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.tasks.migrate_values import with_copies, with_stand_ins

TABLES = (
    "create table t (id int primary key, name text not null, code varchar(9) not null);\n"
    "create table s (id int primary key, n int not null);\n"
)
RENAMES = (
    "alter table t add column title text;\n"
    "update t set title = name;\n"
    "alter table t drop column name;\n"
    "alter table t rename column code to kode;\n"
    "alter table s rename to sx;\n"
)


def folder(root: Path, **files: str) -> Wanted:
    write(root, **{"1_t.sql": TABLES, "1_t.down.sql": "drop table s, t;\n", **files})
    return Wanted(root)


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def test_renames_are_taken_back_and_values_that_are_kept_are_copied(tmp_path: Path) -> None:
    wanted = folder(tmp_path, **{"2_x.sql": RENAMES})
    found = way_back("2_x", replace(wanted, write=True))
    assert found.found.kind == "irreversible"
    assert found.written is not None
    assert (found.written.kind, found.written.proof.verdict) == ("works", "tested")
    assert (found.lost, found.files.notes) == ((), ())
    assert found.files.written == ("2_x.down.sql",)
    assert (tmp_path / "2_x.down.sql").read_text() == (
        "begin;\n"
        "alter table public.sx rename to s;\n"
        "alter table public.t rename column kode to code;\n"
        "alter table public.t add column name text default '' not null;\n"
        "update public.t set name = title where title is not null;\n"
        "alter table public.t alter column name drop default;\n"
        "alter table public.t drop column title;\n"
        "commit;\n"
    )
    again = way_back("2_x", wanted)
    assert (again.found.kind, again.statements) == ("works", ())


def test_what_the_upgrade_removes_is_told(tmp_path: Path) -> None:
    wanted = folder(tmp_path, **{"2_x.sql": "alter table t drop column code; drop table s;"})
    found = way_back("2", wanted)
    assert found.works
    assert found.lost == ("the values of column public.t.code", "the rows of table public.s")
    assert found.files.notes == ("rows get '' in column public.t.code, which is NOT NULL",)
    assert found.written is not None
    assert found.written.unavoidable
    assert found.files.written == ()
    assert not (tmp_path / "2_x.down.sql").exists()


def test_revision_of_alembic_gets_another_downgrade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "from alembic import op\n\n\ndef upgrade():\n    op.execute({!r})\n"
    env = (
        "from alembic import context\nfrom sqlalchemy import create_engine, pool\n"
        'with create_engine("postgresql+psycopg://nobody@unreachable.invalid/x",'
        " poolclass=pool.NullPool).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
    )
    lines = "revision, down_revision = {!r}, {!r}\n"
    second = "alter table s add column m int; create index s_m on s (m)"
    down = '\n\ndef downgrade():\n    """Take it back."""\n    {}\n    # the end\n'
    write(
        tmp_path,
        **{
            "alembic.ini": "[alembic]\nscript_location = m\n",
            "m/env.py": env,
            "m/versions/1.py": lines.format("001", None) + head.format(TABLES),
            "m/versions/2.py": lines.format("002", "001")
            + head.format(second)
            + down.format('op.execute("drop index s_m")'),
        },
    )
    command = ["migrate", "down", "--project", str(tmp_path), "--write", "--format", "json"]
    assert main([*command, "002"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["found"]["kind"], found["written"]["kind"]) == ("unrepeatable", "works")
    assert (tmp_path / "m/versions/2.py").read_text() == (
        lines.format("002", "001")
        + head.format(second)
        + down.format(
            'op.execute("drop index public.s_m")\n'
            '    op.execute("alter table public.s drop column m")'
        )
    )
    assert main([*command, "001"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["found"]["kind"], found["written"]["kind"]) == ("irreversible", "works")
    assert (
        (tmp_path / "m/versions/1.py")
        .read_text()
        .endswith(
            "\n\n\ndef downgrade():\n"
            '    op.execute("drop table public.t")\n'
            '    op.execute("drop table public.s")\n'
        )
    )


@pytest.mark.parametrize(
    ("name", "text", "written", "after"),
    [
        (
            "1_t.sql",
            "-- +goose Up\ncreate table t (i int);\n",
            "1_t.sql",
            "-- +goose Up\ncreate table t (i int);\n\n-- +goose Down\ndrop table public.t;\n",
        ),
        (
            "1_t.sql",
            "-- migrate:up\r\ncreate table t (i int);\r\n-- migrate:down\r\ndrop table x;\r\n",
            "1_t.sql",
            "-- migrate:up\r\ncreate table t (i int);\r\n"
            "-- migrate:down\r\ndrop table public.t;\r\n",
        ),
        ("1_t.up.sql", "create table t (i int);\n", "1_t.down.sql", "drop table public.t;\n"),
        ("1_t/up.sql", "CREATE TABLE t (i int);\n", "1_t/down.sql", "DROP TABLE public.t;\n"),
    ],
)
def test_way_back_stands_where_the_tool_looks_for_it(
    tmp_path: Path, name: str, text: str, written: str, after: str
) -> None:
    write(tmp_path, **{name: text})
    found = way_back("1", Wanted(tmp_path, write=True))
    assert found.files.written == (written,)
    assert (tmp_path / written).read_bytes().decode() == after


def test_revision_of_rows_alone_gets_no_way_back(tmp_path: Path) -> None:
    wanted = folder(tmp_path, **{"2_x.sql": "insert into s values (1000001, 1);"})
    found = way_back("2", replace(wanted, write=True))
    assert not found.works
    assert (found.statements, found.files.files, found.files.notes) == (
        (),
        (),
        ("it changes rows alone, and catalogues do not tell how to take that back",),
    )


def test_way_back_that_is_there_tells_what_the_upgrade_removes(tmp_path: Path) -> None:
    files = {"2_x.sql": "alter table s drop n;", "2_x.down.sql": "alter table s add n int;"}
    wanted = folder(tmp_path, **{**files, "1_t.sql": TABLES.replace("n int not null", "n int")})
    (lost,) = way_back("2", wanted).lost
    assert re.fullmatch(
        r"the values of column public.s.n, in \d of \d rows, which is NULL now", lost
    )


def test_folder_without_ways_back_is_refused(tmp_path: Path) -> None:
    write(tmp_path, **{"1_t.sql": TABLES})
    with pytest.raises(InputError, match=r"^1_t.sql: no file of the folder has a way back"):
        way_back("1", Wanted(tmp_path))


def test_revision_that_does_not_go_up_is_refused(tmp_path: Path) -> None:
    wanted = folder(tmp_path, **{"2_x.sql": "drop table nothing;"})
    with pytest.raises(
        InputError, match=r'^2_x.sql: the upgrade fails: table "nothing" does not exist; mend'
    ):
        way_back("2", wanted)
    with pytest.raises(InputError, match="there is no revision 7"):
        way_back("7", wanted)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", "0"),
        ("character varying(3)", ""),
        ("boolean", "false"),
        ("timestamp with time zone", "epoch"),
        ("date", "1970-01-01"),
        ("time without time zone", "00:00"),
        ("interval", "0"),
        ("uuid", "00000000-0000-0000-0000-000000000000"),
        ("jsonb", "{}"),
        ("text[]", "{}"),
        ("numeric(5,2)", "0"),
        ("public.e", "it''s"),
        ("inet", None),
        ("public.d", None),
    ],
)
def test_stand_in_is_a_value_of_the_type(
    type_: str, value: str | None, database: psycopg.Connection[tuple[Any, ...]]
) -> None:
    database.execute(
        b"CREATE TYPE e AS ENUM ('it''s', 'x'); CREATE DOMAIN d AS integer CHECK (VALUE > 5);"
        b"CREATE TABLE t (i int); INSERT INTO t VALUES (1)"
    )
    statement = f"ALTER TABLE public.t ADD COLUMN c {type_} NOT NULL"
    found, notes = with_stand_ins([statement], database)
    if value is None:
        assert (found, notes) == ((statement,), ())
        return
    assert notes == (f"rows get '{value}' in column public.t.c, which is NOT NULL",)
    for sql in found:
        database.execute(sql.encode())
    assert database.execute("SELECT c IS NULL FROM t").fetchall() == [(False,)]


def test_copies_follow_the_column_that_they_fill() -> None:
    statements = ["ALTER TABLE public.t ADD COLUMN a integer", "ALTER TABLE public.t DROP COLUMN b"]
    kept = [("public.t", "a", "b"), ("public.u", "a", "x")]
    assert list(with_copies(statements, kept)) == [
        statements[0],
        "UPDATE public.t SET a = b WHERE b IS NOT NULL",
        statements[1],
    ]
