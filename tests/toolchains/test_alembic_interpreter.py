import sys
from pathlib import Path

import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic.interpreter import interpreters

OURS = Path(sys.executable)


@pytest.fixture(autouse=True)
def _no_active_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def make(environment: Path) -> Path:
    python = environment / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    return python


def test_interpreters_are_the_nearest_environment_then_ours(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    outer, inner = make(tmp_path / "venv"), make(tmp_path / "app" / ".venv")
    assert list(interpreters(tmp_path / "app", tmp_path)) == [inner, outer, OURS]


def test_interpreters_of_a_part_go_up_to_the_repository_and_no_further(tmp_path: Path) -> None:
    make(tmp_path / ".venv")
    root = tmp_path / "repository"
    python = make(root / ".venv")
    (root / ".git").mkdir()
    assert list(interpreters(root / "app", root / "app")) == [python, OURS]


def test_interpreters_take_the_active_environment_after_the_projects_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    active = make(tmp_path / "elsewhere")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "elsewhere"))
    own = make(tmp_path / ".venv")
    assert list(interpreters(tmp_path, tmp_path)) == [own, active, OURS]


def test_interpreters_find_an_environment_of_poetry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "shop"
    (root / ".git").mkdir(parents=True)
    (root / "poetry.lock").write_text("")
    monkeypatch.setenv("POETRY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "dbspecialist.toolchains.alembic.interpreter._hash", lambda path: "abcdefgh" + path[-4:]
    )
    python = make(tmp_path / "cache" / "virtualenvs" / "shop-abcdefgh-py3.12")
    make(tmp_path / "cache" / "virtualenvs" / "shop-zzzzzzzz-py3.12")
    assert list(interpreters(root, root)) == [python, OURS]


def test_interpreters_chosen_is_the_only_one(tmp_path: Path) -> None:
    make(tmp_path / ".venv")
    chosen = make(tmp_path / "chosen")
    assert list(interpreters(tmp_path, tmp_path, chosen)) == [chosen]


def test_interpreters_chosen_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the interpreter is not there; check --python"):
        list(interpreters(tmp_path, tmp_path, tmp_path / "none"))
