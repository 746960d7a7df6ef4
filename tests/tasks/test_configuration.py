from pathlib import Path

import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.tasks.configuration import (
    Configuration,
    apply_configuration,
    is_on,
    overridden,
    read_configuration,
    refuse_unknown_rules,
)


def write(folder: Path, text: str, name: str = "dbspecialist.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_read_configuration_without_a_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert read_configuration(tmp_path) == Configuration()


def test_read_configuration_of_pyproject_from_a_folder_below(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "[tool.dbspecialist]\n"
        'snapshot = "prod.snapshot"\n'
        'max_blocked = "500ms"\n'
        'select = ["build-*"]\n'
        'ignore = ["build-index-later"]\n'
        'severity = {keep-models-in-step = "info"}\n'
        'toolchain = "alembic"\n'
        'python = ".venv/bin/python"\n'
        'fail_on = "never"\n',
        "pyproject.toml",
    )
    below = tmp_path / "migrations" / "versions"
    below.mkdir(parents=True)
    assert read_configuration(below / "0001.py") == Configuration(
        source=file,
        snapshot=tmp_path / "prod.snapshot",
        max_blocked_ms=500.0,
        select=("build-*",),
        ignore=("build-index-later",),
        severity={"keep-models-in-step": "info"},
        toolchain="alembic",
        python=tmp_path / ".venv/bin/python",
        fail_on="never",
    )


def test_read_configuration_stops_at_the_repository(tmp_path: Path) -> None:
    write(tmp_path, 'fail_on = "never"\n')
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    assert read_configuration(repository).source is None


def test_read_configuration_prefers_the_file_of_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, '[tool.dbspecialist]\nfail_on = "info"\n', "pyproject.toml")
    write(tmp_path, 'fail_on = "warning"\n')
    assert read_configuration(tmp_path).fail_on == "warning"


def test_read_configuration_passes_over_a_pyproject_without_the_table(tmp_path: Path) -> None:
    write(tmp_path, 'fail_on = "warning"\n')
    below = tmp_path / "package"
    below.mkdir()
    write(below, '[project]\nname = "shop"\n', "pyproject.toml")
    assert read_configuration(below).fail_on == "warning"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('snapshoot = "a"', "key 'snapshoot' is not known; write snapshot"),
        ("zzz = 1", "key 'zzz' is not known; choose among snapshot, max_blocked, select, ignore,"),
        ("snapshot = 3", "snapshot is not a text; write a text"),
        ('select = "a"', "select is not a list of texts; write a list of texts"),
        ("ignore = [1]", "ignore is not a list of texts; write a list of texts"),
        ('max_blocked = "1 week"', "max_blocked: '1 week' is not a duration; write it as 500ms,"),
        ('fail_on = "fatal"', "fail_on is not one of error, warning, info, never;"),
        ("severity = 1", "severity is not a table of rules; write a table of rules"),
        ('severity = {a = "loud"}', "severity.a is not one of error, warning, info;"),
        ("severity = {a = []}", "severity.a is not one of error, warning, info;"),
        ("a = ", "is not TOML (Invalid value (at end of document)); mend the file"),
    ],
)
def test_read_configuration_refuses(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(InputError) as refused:
        read_configuration(tmp_path)
    assert str(refused.value).startswith(f"{file}: {said}")


def test_read_configuration_refuses_a_table_that_is_none(tmp_path: Path) -> None:
    file = write(tmp_path, "[tool]\ndbspecialist = 3\n", "pyproject.toml")
    with pytest.raises(InputError) as refused:
        read_configuration(tmp_path)
    assert str(refused.value) == f"{file}: tool.dbspecialist is not a table; write a table"


def test_is_on_where_rules_are_selected_and_ignored() -> None:
    configuration = Configuration(select=("build-*",), ignore=("build-twice",))
    assert is_on("build-index-concurrently", configuration)
    assert not is_on("build-twice", configuration)
    assert not is_on("name-constraints", configuration)


def test_apply_configuration_drops_and_regrades() -> None:
    here = Location("a.sql", 1)
    findings = (
        Finding("build-index-concurrently", "error", "a", here),
        Finding("name-constraints", "info", "b", here),
    )
    configuration = Configuration(
        ignore=("name-*",), severity={"build-index-concurrently": "warning"}
    )
    assert apply_configuration(findings, configuration) == (
        Finding("build-index-concurrently", "warning", "a", here),
    )


def test_overridden_leaves_what_was_not_asked_for() -> None:
    configuration = Configuration(toolchain="alembic", select=("a",), max_blocked_ms=500.0)
    assert overridden(configuration, toolchain=None, select=(), max_blocked_ms=20.0) == (
        Configuration(toolchain="alembic", select=("a",), max_blocked_ms=20.0)
    )


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        (
            Configuration(select=("build-index-concurently",)),
            "no rule is called 'build-index-concurently'; write build-index-concurrently",
        ),
        (
            Configuration(source=Path("a.toml"), ignore=("zzz-*",)),
            "a.toml: no rule is called 'zzz-*'; see dbs rules",
        ),
        (Configuration(severity={"zzz": "info"}), "no rule is called 'zzz'; see dbs rules"),
    ],
)
def test_refuse_unknown_rules(configuration: Configuration, said: str) -> None:
    with pytest.raises(InputError) as refused:
        refuse_unknown_rules(configuration, ["build-index-concurrently", "name-constraints"])
    assert str(refused.value) == said


def test_refuse_unknown_rules_takes_patterns_of_known_ones() -> None:
    configuration = Configuration(select=("build-*",), ignore=("name-constraints",))
    refuse_unknown_rules(configuration, ["build-index-concurrently", "name-constraints"])
