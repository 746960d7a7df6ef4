"""SQL files of a repository in which other toolchains have projects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.facts.report import Report

CLAIM = "every project of the repository was tried"


def git(folder: Path, *arguments: str) -> None:
    named = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *named, *arguments], check=True, capture_output=True)


def told(report: Report) -> list[tuple[str, str]]:
    return [(item.verdict, item.basis) for item in report.proofs if item.claim == CLAIM]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a project of Prisma and a folder of SQL files, one of each new."""
    for name in ("1_users", "2_orders"):
        folder = tmp_path / "web" / "prisma" / "migrations" / name
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(f"CREATE TABLE t{name} (id int PRIMARY KEY);\n")
    (folder.parent / "migration_lock.toml").write_text('provider = "postgresql"\n')
    jobs = tmp_path / "jobs" / "db" / "migrations"
    jobs.mkdir(parents=True)
    (jobs / "001_a.sql").write_text("CREATE TABLE a (id int PRIMARY KEY);\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "reset", "-q", "web/prisma/migrations/2_orders")
    git(tmp_path, "commit", "-q", "-m", "base")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sql_files_beside_a_project_are_told_as_unchecked(repository: Path) -> None:
    assert told(dbspecialist.prove()) == [
        (
            "unchecked",
            "jobs/db/migrations holds 1 SQL file and belongs to no project of prisma; name the "
            "folder to have it tried",
        )
    ]
    both = dbspecialist.prove(["web", "jobs"])
    assert told(both) == []
    assert {item.migration.toolchain for item in both.migrations} == {"prisma", "sql"}


def test_sql_files_are_told_with_a_base_where_some_are_new(repository: Path) -> None:
    assert told(dbspecialist.prove(base="main")) == []
    (repository / "jobs" / "db" / "migrations" / "002_b.sql").write_text("SELECT 1;\n")
    assert [verdict for verdict, _ in told(dbspecialist.prove(base="main"))] == ["unchecked"]


def test_chosen_toolchain_passes_over_others_as_asked(repository: Path) -> None:
    assert told(dbspecialist.prove(toolchain="prisma")) == []
