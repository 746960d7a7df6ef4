"""Old code is what the base holds, in a real repository."""

import subprocess
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.facts.report import Report
from dbspecialist.twins.installation import runtime_folder

INI = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
ENV = """from alembic import context
from sqlalchemy import create_engine
from shop.models import Base

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """from sqlalchemy import Column, Integer, Text
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(Text)
"""
NAME = "    name = Column(Text)\n"
CREATE = "CREATE TABLE users (id serial PRIMARY KEY, email text, name text)"
REVISION = """from alembic import op
revision = {name!r}
down_revision = {parent!r}
def upgrade():
    op.execute({up!r})
def downgrade():
    op.execute({down!r})
"""


def git(folder: Path, *arguments: str) -> None:
    named = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *named, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose branch drops a column, from the model and by a migration."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text(INI)
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(MODELS + NAME)
    first = REVISION.format(name="r1", parent=None, up=CREATE, down="DROP TABLE users")
    (versions / "r1.py").write_text(first)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    git(tmp_path, "checkout", "-q", "-b", "drop")
    (tmp_path / "shop" / "models.py").write_text(MODELS)
    second = REVISION.format(
        name="r2",
        parent="r1",
        up="ALTER TABLE users DROP COLUMN name",
        down="ALTER TABLE users ADD COLUMN name text",
    )
    (versions / "r2.py").write_text(second)
    return tmp_path


def old_code(report: Report) -> list[str]:
    """Return what was seen of the statement that reads all columns."""
    found = [proof.basis for item in report.findings for proof in item.evidence]
    return [basis for basis in found if basis.startswith("SELECT id")]


def test_statement_of_the_base_s_models_fails_after_the_drop(repository: Path) -> None:
    report = dbspecialist.prove([repository], base="main")
    assert [item.migration.revision for item in report.migrations] == ["r2"]
    assert old_code(report) == [
        'SELECT id, email, name FROM public.users: column "name" does not exist'
    ]


def test_models_of_the_working_tree_do_not_read_what_they_drop(repository: Path) -> None:
    report = dbspecialist.prove([repository], from_="r1")
    assert [item.migration.revision for item in report.migrations] == ["r2"]
    assert old_code(report) == []


def test_installation_for_development_does_not_lead_to_the_working_tree(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "checkout", "-q", "main")
    (repository / "alembic.ini").write_text(INI.replace("prepend_sys_path = .\n", ""))
    git(repository, "commit", "-q", "-m", "Rely on the installation", "alembic.ini")
    git(repository, "checkout", "-q", "drop")
    git(repository, "rebase", "-q", "--autostash", "main")
    monkeypatch.setenv("PYTHONPATH", str(repository), prepend=":")
    assert len(old_code(dbspecialist.prove([repository], base="main"))) == 1


def test_models_that_are_imported_from_the_working_tree_are_unchecked(repository: Path) -> None:
    git(repository, "checkout", "-q", "main")
    absolute = f"import sys\nsys.path.insert(0, {str(repository)!r})\n"
    (repository / "migrations" / "env.py").write_text(absolute + ENV)
    git(repository, "commit", "-q", "-m", "Name the folder", "migrations/env.py")
    git(repository, "checkout", "-q", "drop")
    git(repository, "rebase", "-q", "--autostash", "main")
    report = dbspecialist.prove([repository], base="main")
    assert old_code(report) == []
    (proof,) = (item for item in report.proofs if item.claim.startswith("what the mapped classes"))
    assert proof.verdict == "unchecked"
    assert "is imported from the working tree" in proof.basis


def test_base_is_not_left_behind_and_the_repository_as_it_was(repository: Path) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    dbspecialist.prove([repository], base="main")
    after = {
        path: path.read_bytes()
        for path in repository.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert after == before
    assert list(runtime_folder().glob("g*")) == []
