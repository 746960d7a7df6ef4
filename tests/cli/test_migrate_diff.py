from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbspecialist.cli import main

BEFORE = "create table t(id int primary key, name text);"
AFTER = "create table t(id int primary key, name text, note text);"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    one, other = tmp_path / "before.sql", tmp_path / "after.sql"
    one.write_text(BEFORE)
    other.write_text(AFTER)
    return str(one), str(other)


def test_diff_prints_the_way_there_and_back(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["migrate", "diff", *files]) == 0
    assert capsys.readouterr().out.splitlines()[3:] == [
        "",
        "ALTER TABLE public.t ADD COLUMN note text;",
    ]
    output = tmp_path / "down.sql"
    assert main(["migrate", "diff", *files, "--down", "-o", str(output), "--exit-code"]) == 1
    assert output.read_text().splitlines()[-3:] == [
        "-- loses the values of column public.t.note",
        "",
        "ALTER TABLE public.t DROP COLUMN note;",
    ]


def test_diff_of_equal_schemas_prints_nothing(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "diff", files[0], files[0], "--exit-code"]) == 0
    assert capsys.readouterr() == ("", "")


def test_diff_as_json_has_both_directions(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "diff", *files, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["equal"] is False
    assert found["up"]["statements"] == ["ALTER TABLE public.t ADD COLUMN note text"]
    assert found["down"]["losses"] == ["the values of column public.t.note"]
    assert [proof["verdict"] for proof in found["up"]["proofs"]] == ["proven", "proven"]


def test_diff_that_the_twin_refutes_says_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one.sql", tmp_path / "other.sql"
    one.write_text("create table p(a int); create table c(a int, b int);")
    other.write_text("create table p(a int); create table c(b int) inherits (p);")
    assert main(["migrate", "diff", str(one), str(other)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == (
        "-- refuted: the script ends in the same catalogue "
        "(column public.c.a: local was None and is 'false')"
    )
    assert lines[-1] == "ALTER TABLE public.c INHERIT public.p;"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["a.sql", "b.sql"],
            "dbs: column public.t.a (integer) is gone and b (integer) is new; say "
            "--rename public.t.a=b if it was renamed, --rename public.t.a= if it was dropped",
        ),
        (
            ["a.sql", "b.sql", "--rename", "t.z=b"],
            "dbs: --rename t.z: no table or column has this name; "
            "write table or table.column as the first schema has it",
        ),
        (
            ["a.sql", "b.sql", "--rename", "t.a=c"],
            "dbs: --rename t.a=c: table public.t of the second schema has no column c; "
            "write the column's new name",
        ),
        (
            ["a.sql", "a.sql", "--rename", "t.a="],
            "dbs: --rename t.a=: column public.t.a is in the second schema; "
            "name what is gone and what is new",
        ),
        (
            ["a.sql", "b.sql", "--rename", "t.a"],
            "dbs: migrate diff: Invalid value for '--rename': 't.a' is not OLD=NEW; "
            "see dbs migrate diff --help",
        ),
        (
            ["a.sql", "missing.sql"],
            "dbs: missing.sql: No such file or directory; check the path and its rights",
        ),
        (
            ["a.sql", "missing.snapshot"],
            "dbs: missing.snapshot: No such file or directory; give a .sql file, a snapshot, "
            "a URL, a folder with migrations or MODULE:METADATA",
        ),
        (
            ["a.sql", "bad.sql"],
            'dbs: bad.sql:1: the engine refuses it: syntax error at or near "tabel"; '
            "mend the statement",
        ),
    ],
)
def test_input_that_cannot_be_used_is_one_line(
    words: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.sql").write_text("create table t(a int);")
    Path("b.sql").write_text("create table t(b int);")
    Path("bad.sql").write_text("create tabel t(b int);")
    assert main(["migrate", "diff", *words]) == 2
    assert capsys.readouterr() == ("", line + "\n")
