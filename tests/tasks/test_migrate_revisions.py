from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbspecialist.cli import main
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.tasks.migrate_revisions import HISTORY, diff_revisions, title_of

FIRST = "create table t(id int primary key, name text);\n"


def files(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def project(root: Path) -> Path:
    found = {"migrations/1_t.sql": FIRST, "migrations/1_t.down.sql": "drop table t;\n"}
    return files(root, **found)


def test_diff_is_written_as_a_revision_and_the_history_ends_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path)
    files(tmp_path, **{"schema/after.sql": FIRST + "alter table t add note text;"})
    monkeypatch.chdir(tmp_path)
    command = ["migrate", "diff", "migrations", "schema/after.sql"]
    assert main([*command, "--write", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["written"] == [
        "migrations/2_add_column_note_to_t.sql",
        "migrations/2_add_column_note_to_t.down.sql",
    ]
    assert [item["verdict"] for item in found["proofs"]] == ["proven"] * 5
    assert (tmp_path / found["written"][0]).read_text() == (
        "-- Add column note to t\nalter table public.t add column note text;\n"
    )
    assert main([*command, "--toolchain", "sql", "--exit-code"]) == 0
    assert capsys.readouterr().out == ""


def test_value_of_an_enum_that_is_used_is_a_revision_of_its_own(tmp_path: Path) -> None:
    enum = "create type e as enum ({}); create table t (a e {}); create table u (b int{});\n"
    files(tmp_path, **{"migrations/1_t.sql": enum.format("'x'", "", "")})
    files(tmp_path, **{"migrations/1_t.down.sql": "drop table t, u; drop type e;\n"})
    after = enum.format("'x', 'y'", "default 'y'", ", c int")
    files(tmp_path, **{"schema/after.sql": after})
    wanted = Wanted(tmp_path, title="Use y")
    found = diff_revisions(tmp_path / "migrations", tmp_path / "schema/after.sql", wanted)
    assert {item.path: item.text for item in found.files} == {
        "migrations/2_alter_type_e.sql": "-- Alter type e\nalter type public.e add value 'y';\n",
        "migrations/2_alter_type_e.down.sql": found.files[1].text,
        "migrations/3_change_t_u.sql": found.files[2].text,
        "migrations/3_change_t_u.down.sql": found.files[3].text,
    }
    assert [proof.verdict for proof in found.proofs] == ["proven"] * 5


def test_history_that_ends_elsewhere_gets_no_revision(tmp_path: Path) -> None:
    """What the newest revision brings would be brought a second time."""
    project(tmp_path)
    files(tmp_path, **{"migrations/2_n.sql": "alter table t add n int;", "schema/old.sql": FIRST})
    files(tmp_path, **{"schema/new.sql": FIRST + "alter table t add n int;"})
    wanted = Wanted(tmp_path, write=True)
    found = diff_revisions(tmp_path / "schema/old.sql", tmp_path / "schema/new.sql", wanted)
    (proof,) = found.proofs
    assert (proof.claim, proof.verdict, found.files) == (HISTORY, "refuted", ())
    assert proof.basis == (
        "column public.t.n is gone; give the project's folder as FROM, or `dbs migrate drift`"
        " to adopt it"
    )
    assert not (tmp_path / "migrations" / "3_add_column_n_to_t.sql").exists()


def test_history_that_does_not_replay_is_told(tmp_path: Path) -> None:
    project(tmp_path)
    files(tmp_path, **{"migrations/2_n.sql": "alter table x add n int;", "schema/old.sql": FIRST})
    files(tmp_path, **{"schema/new.sql": FIRST + "alter table t add n int;"})
    found = diff_revisions(
        tmp_path / "schema/old.sql", tmp_path / "schema/new.sql", Wanted(tmp_path)
    )
    assert found.proofs[0].verdict == "unchecked"
    assert 'relation "x" does not exist' in found.proofs[0].basis
    assert [item.path for item in found.files][:1] == ["migrations/3_add_column_n_to_t.sql"]


def test_function_that_names_a_later_table_is_written_all_the_same(tmp_path: Path) -> None:
    project(tmp_path)
    body = "create function a() returns bigint language sql begin atomic select 1::bigint; end;"
    later = (
        "create table zz (i int); create function f() returns bigint language sql"
        " as 'select count(*) from zz';"
    )
    files(tmp_path, **{"schema/after.sql": FIRST + body + later})
    after = tmp_path / "schema/after.sql"
    found = diff_revisions(tmp_path / "migrations", after, Wanted(tmp_path, title="Add f"))
    assert [item.path for item in found.files] == [
        "migrations/2_add_f.sql",
        "migrations/2_add_f.down.sql",
    ]
    assert [proof.verdict for proof in found.proofs] == ["proven"] * 5


def test_toolchain_that_the_folder_does_not_have_is_told(tmp_path: Path) -> None:
    project(tmp_path)
    with pytest.raises(InputError, match="no alembic migrations found"):
        diff_revisions("a.sql", "b.sql", Wanted(tmp_path, "alembic"))


def test_several_projects_are_told(tmp_path: Path) -> None:
    for name in ("one", "two"):
        files(tmp_path, **{f"{name}/migrations/1_t.sql": FIRST})
    with pytest.raises(InputError, match=r"there are several projects: sql in .*; give the folder"):
        diff_revisions("a.sql", "b.sql", Wanted(tmp_path))


@pytest.mark.parametrize(
    ("statements", "title"),
    [
        (["CREATE TABLE public.a ()"], "Create table a"),
        (["ALTER TABLE public.a ADD COLUMN b text"], "Add column b to a"),
        (["ALTER TABLE s.a DROP CONSTRAINT c"], "Drop constraint c from s.a"),
        (["CREATE INDEX i ON public.a (b)", "CREATE INDEX j ON public.a (c)"], "Create a"),
        (["ALTER TABLE public.a ADD b int", 'DROP TABLE "B"'], "Change a, B"),
        ([f"DROP TABLE t{n}" for n in range(5)], "Change t0, t1, t2 and 2 more"),
        (["COMMENT ON TABLE a IS 'x'"], "Change the schema"),
    ],
)
def test_title_names_what_statements_are_about(statements: list[str], title: str) -> None:
    assert title_of(statements) == title
