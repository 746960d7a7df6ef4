from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dbspecialist.cli import main
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_merge import merge
from dbspecialist.tasks.migrate_project import Wanted

ENV = (
    "from alembic import context\nfrom sqlalchemy import create_engine, pool\n"
    'with create_engine("postgresql+psycopg://nobody@unreachable.invalid/x",'
    " poolclass=pool.NullPool).connect() as connection:\n"
    "    context.configure(connection=connection)\n"
    "    with context.begin_transaction():\n        context.run_migrations()\n"
)
REVISION = (
    '"""{0}."""\nfrom alembic import op\n\nrevision = "{0}"\ndown_revision = {1!r}\n\n\n'
    "def upgrade() -> None:\n    op.execute({2!r})\n\n\ndef downgrade() -> None:\n    pass\n"
)
FIRST = "create table t (a int); create view v as select 1 as one"


def project(root: Path, *revisions: tuple[str, str | None, str]) -> Wanted:
    files = {"alembic.ini": "[alembic]\nscript_location = m\n", "m/env.py": ENV}
    for name, down, sql in (("a", None, FIRST), *revisions):
        files[f"m/versions/{name}.py"] = REVISION.format(name, down, sql)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Wanted(root)


def test_heads_that_agree_are_merged(tmp_path: Path) -> None:
    columns = "alter table t add {} int"
    wanted = project(
        tmp_path,
        ("b", "a", columns.format("b")),
        ("c", "a", columns.format("c")),
        ("d", "c", "create index t_c on t (c)"),
    )
    found = merge((), replace(wanted, title="Join them", write=True))
    assert (found.heads, found.conflicts) == (("b", "d"), ())
    assert [(item.verdict, item.basis) for item in found.files.proofs] == [
        ("proven", "2 orders run by alembic on a twin"),
        ("proven", "5 revisions run by alembic on an empty database"),
    ]
    (path,) = found.files.written
    text = (tmp_path / path).read_text()
    assert path.endswith("_join_them.py")
    assert 'down_revision = ("b", "d")\n\n\ndef upgrade() -> None:\n    pass\n' in text
    with pytest.raises(InputError, match="there is one head"):
        merge((), wanted)


def test_branch_that_fails_behind_the_other_is_a_conflict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add = "alter table t add b int"
    project(tmp_path, ("b", "a", add), ("c", "a", "select 1"), ("d", "c", add))
    command = ["migrate", "merge", "--project", str(tmp_path), "--write", "--format", "json"]
    assert main(command) == 1
    found = json.loads(capsys.readouterr().out)
    refused = 'column "b" of relation "t" already exists'
    assert found["conflicts"] == [
        f"d fails behind b: {refused}",
        f"b fails behind d: {refused}",
    ]
    assert found["files"]["written"] == []


def test_branches_that_end_otherwise_are_a_conflict(tmp_path: Path) -> None:
    view = "create or replace view v as select {} as one"
    wanted = project(tmp_path, ("b", "a", view.format(2)), ("c", "a", view.format(3)))
    (conflict,) = merge((), wanted).conflicts
    assert conflict.startswith("with c before b, and not behind it, view public.v: definition was")


def test_some_heads_of_several_are_merged(tmp_path: Path) -> None:
    tables = [(name, "a", f"create table {name} ()") for name in ("b", "c", "d")]
    wanted = project(tmp_path, *tables)
    found = merge(("c", "d"), wanted)
    assert found.files.proven
    assert found.files.proofs[1].basis.startswith(
        "5 revisions run by alembic on an empty database,"
    )
    with pytest.raises(InputError, match="a is no head"):
        merge(("a", "d"), wanted)


def test_toolchain_without_heads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_t.sql").write_text("select 1;")
    with pytest.raises(InputError, match="sql has one line of migrations"):
        merge((), Wanted(tmp_path))
