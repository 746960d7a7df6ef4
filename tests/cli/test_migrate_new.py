from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dbspecialist.advisors.sequences import kind_names, request_type
from dbspecialist.cli import main
from dbspecialist.cli._group import first_line

SCHEMA = "CREATE TABLE users (id bigint PRIMARY KEY, name text);\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_users.up.sql").write_text(SCHEMA)
    (folder / "0001_users.down.sql").write_text("DROP TABLE users;\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(project: Path) -> list[str]:
    return sorted(path.name for path in (project / "migrations").iterdir())


def test_new_is_a_dry_run_unless_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["migrate", "new", "add-column", "users", "note", "text"]
    assert main(words) == 0
    assert capsys.readouterr().out.endswith("dry run; --write writes 2 files\n")
    assert len(names(project)) == 2
    assert main([*words, "--write"]) == 0
    assert names(project) == [
        "0001_users.down.sql",
        "0001_users.up.sql",
        "0002_add_column_note_to_users.down.sql",
        "0002_add_column_note_to_users.up.sql",
    ]
    assert main([*words, "--write"]) == 2
    assert "column public.users.note is there already (text)" in capsys.readouterr().err


def test_plan_writes_one_page(project: Path) -> None:
    page = project / "plan.md"
    asked = ["add-column users note text", "add-index users name"]
    assert main(["migrate", "plan", *asked, "-o", str(page)]) == 0
    text = page.read_text()
    assert "## 1. Add column note to users" in text
    assert "## 2. Index users by name" in text
    assert "- `migrations/0003_index_users_by_name.up.sql`" in text


def test_plan_as_json_tells_the_verdicts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "wanted").write_text("add-column users note text\n")
    assert main(["migrate", "plan", "wanted", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {item["verdict"] for item in found["proofs"]} == {"proven", "tested"}
    assert found["written"] is False


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["new", "add-colum", "users"], "No such command 'add-colum'"),
        (["new", "add-column", "users"], "Missing argument 'COLUMN'"),
        (["new", "rename-table", "userz", "x"], "there is no table userz"),
        (["plan", "nowhere"], "nowhere: No such file or directory"),
        (["plan", "drop-colum users name"], "did you mean drop-column?"),
        (["plan", "add-column users x 'text"], "no closing quotation"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", *words]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize("kind", kind_names())
def test_every_kind_says_what_it_does(kind: str) -> None:
    request = request_type(kind)
    folder = Path(sys.modules[request.__module__].__file__ or "").parent
    assert first_line(folder / f"{kind.replace('-', '_')}.py").endswith(".")
    assert request.__doc__
    assert main(["migrate", "new", kind, "--help"]) == 0


def test_list_of_kinds_loads_nothing_heavy() -> None:
    code = (
        "import sys; from dbspecialist.advisors.sequences import kind_names; kind_names();"
        " print('psycopg' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
