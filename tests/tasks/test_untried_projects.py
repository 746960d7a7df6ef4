"""Projects of which nothing can be tried, alone and beside others."""

from __future__ import annotations

from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.untried import UntriedError

ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
import {module}
from alembic import op

revision = "r1"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE b (id int PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE b")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "1.sql").write_text("CREATE TABLE a (id int PRIMARY KEY);\n")
    versions = tmp_path / "bad" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "bad" / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "bad" / "migrations" / "env.py").write_text(ENV)
    (versions / "r1.py").write_text(REVISION.format(module="not_installed_here"))
    return tmp_path


def test_project_that_cannot_be_tried_is_bad_input(folder: Path) -> None:
    with pytest.raises(UntriedError, match="No module named 'not_installed_here'"):
        dbspecialist.prove(["bad"])


def test_project_that_cannot_be_tried_beside_another_is_an_error_finding(folder: Path) -> None:
    report = dbspecialist.prove(["good", "bad"])
    assert [item.migration.path for item in report.migrations] == ["good/1.sql"]
    (finding,) = report.at_least("error")
    assert finding.rule == "try-every-migration"
    assert finding.location.path == "bad/migrations/versions/r1.py"
    assert "0 of 1 migration tried: r1:" in finding.message
    assert not dbspecialist.prove(["good", "bad"], ignore=["try-every-migration"]).findings


def test_project_whose_environment_does_not_import_is_tried_with_a_plain_one(folder: Path) -> None:
    (folder / "bad" / "migrations" / "env.py").write_text("import not_installed_here\n")
    revision = folder / "bad" / "migrations" / "versions" / "r1.py"
    revision.write_text(REVISION.format(module="json"))
    report = dbspecialist.prove(["bad"])
    assert report.summary["statements"] == 1
    assert any("env.py was not run" in note for note in report.notes)


def test_env_that_runs_nothing_is_bad_input(folder: Path) -> None:
    (folder / "bad" / "migrations" / "env.py").write_text("from alembic import context\n")
    with pytest.raises(UntriedError, match=r"env.py does not call context.run_migrations\(\)"):
        dbspecialist.prove(["bad"])


def test_project_without_migrations_says_so(folder: Path) -> None:
    revision = folder / "bad" / "migrations" / "versions" / "r1.py"
    revision.write_text("def helper(): pass\n")
    assert dbspecialist.prove(["bad"]).notes == (
        "r1.py is not run: it names no revision",
        "alembic in bad: no migrations are there",
    )


def test_project_with_nothing_pending_says_so(folder: Path) -> None:
    report = dbspecialist.prove(["good"], from_="1.sql")
    assert report.notes[-1].endswith("in good: none of 1 migration is pending")


def test_file_that_is_no_script_stops_those_after_it_alone(folder: Path) -> None:
    (folder / "good" / "2.sql").write_text("\\connect other\nCREATE TABLE b (id int);\n")
    (folder / "good" / "3.sql").write_text("CREATE TABLE c (id int PRIMARY KEY);\n")
    report = dbspecialist.prove(["good"])
    assert [len(item.statements) for item in report.migrations] == [1, 0, 0]
    (finding,) = report.at_least("error")
    assert (finding.rule, finding.location.path) == ("try-every-migration", "good/2.sql")
    assert "2 of 3 migrations not tried, from 2: it cannot be read" in finding.message
    with pytest.raises(InputError, match=r"2.sql:1: .connect is not run"):
        dbspecialist.prove(["good/2.sql"])


def test_file_of_prose_is_bad_input_and_a_later_mistake_is_a_finding(folder: Path) -> None:
    (folder / "prose.sql").write_text("hello this is not sql\n")
    with pytest.raises(InputError, match='holds no SQL: syntax error at or near "hello"'):
        dbspecialist.prove(["prose.sql"])
    (folder / "word.sql").write_text("a" * 10_000)
    with pytest.raises(InputError, match=r'a{59}…"; name a file of SQL'):
        dbspecialist.prove(["word.sql"])
    (folder / "late.sql").write_text("CREATE TABLE b (id int PRIMARY KEY);\nhello again;\n")
    (finding,) = dbspecialist.prove(["late.sql"]).at_least("error")
    assert finding.message.startswith("The statement fails with 42601")
