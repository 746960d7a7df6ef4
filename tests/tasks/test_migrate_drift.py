from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.cli import main
from dbspecialist.facts.errors import InputError
from dbspecialist.reports._drift import text
from dbspecialist.tasks.migrate_drift import Compare, drift
from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.twins.cluster import Cluster

Database = psycopg.Connection[tuple[Any, ...]]

FIRST = "create table t(id int primary key, a int, b text);\ncreate index t_a on t (a);\n"
ENV = """from alembic import context
from sqlalchemy import engine_from_config, pool
import sys
sys.path.insert(0, {root!r})
from models import metadata

connectable = engine_from_config(
    {{"sqlalchemy.url": "postgresql+psycopg://nobody@unreachable.invalid/x"}},
    prefix="sqlalchemy.", poolclass=pool.NullPool,
)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table(
    "t", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("a", sa.BigInteger),
    sa.Column("n", sa.Text, index=True),
)
"""
REVISION = """revision = "{0}"
down_revision = {1!r}

from alembic import op


def upgrade():
    op.execute({2!r})


def downgrade():
    op.execute({3!r})
"""


def write(root: Path, **texts: str) -> None:
    for name, content in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def alembic(root: Path) -> Path:
    second = "alter table t add column n text"
    write(
        root,
        **{
            "alembic.ini": "[alembic]\nscript_location = m\n",
            "models.py": MODELS,
            "m/env.py": ENV.format(root=str(root)),
            "m/versions/1.py": REVISION.format("001", None, FIRST, "drop table t"),
            "m/versions/2.py": REVISION.format("002", "001", second, "alter table t drop n"),
        },
    )
    return root


def plain(root: Path, production: str) -> tuple[Wanted, Compare]:
    write(root, **{"m/1_t.sql": FIRST, "m/1_t.down.sql": "drop table t;\n", "db.sql": production})
    return Wanted(root / "m"), Compare(snapshot=root / "db.sql", adopt="database")


def test_three_sides_are_told_apart_and_pending_work_is_no_drift(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    root = alembic(tmp_path)
    database.execute(
        f"{FIRST} drop index t_a; create table hot (i int primary key);"
        "create table alembic_version (version_num varchar(32));"
        "insert into alembic_version values ('001')".encode()
    )
    found = drift(Wanted(root), Compare(database=cluster.url(database.info.dbname)))
    assert text(found).splitlines() == [
        "pending in the database: 002",
        "table public.hot: in database; not in migrations and models",
        "index public.ix_t_n: in models; not in migrations and database",
        "column public.t.a: type 'integer' in migrations and database; type 'bigint' in models",
        "column public.t.b: in migrations and database; not in models",
        "index public.t_a: in migrations; not in models and database",
        "",
        "5 differences between migrations, models and database",
    ]
    assert database.execute("table alembic_version").fetchall() == [("001",)]


def test_models_are_adopted_by_a_revision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(alembic(tmp_path))
    assert main(["migrate", "drift", "--project", root, "--write", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["revision"]["written"] == ["m/versions/003_adopt_the_schema_of_the_models.py"]
    assert [item["verdict"] for item in found["revision"]["proofs"]] == ["proven"] * 4
    assert found["revision"]["losses"] == ["the values of column public.t.b"]
    assert main(["migrate", "drift", "--project", root]) == 0
    assert capsys.readouterr().out == "migrations and models agree\n"


PRODUCTION = """
create type mood as enum ('x');
create table t(id int primary key, a bigint not null, b text default 'q', m mood,
    constraint k check (a > 0));
create table hot (id bigserial primary key, t int references t(id));
create view v as select a from t;
create function f() returns int language sql as 'select 1';
create policy p on t using (true);
comment on table hot is 'by hand';
"""


VIEWS = "create view v as select 1 as one, 2 as two; create view w as select one from v;"


def test_database_is_adopted_by_a_revision_that_changes_nothing_in_it(tmp_path: Path) -> None:
    wanted, compare = plain(tmp_path, PRODUCTION)
    found = drift(replace(wanted, write=True), compare)
    assert found.revision is not None
    assert [(item.claim, item.verdict) for item in found.revision.proofs] == [
        ("the script ends in the same catalogue", "proven"),
        ("pg_dump --schema-only writes the same text", "proven"),
        ("the revision ends in the same catalogue", "proven"),
        ("its way back ends in the catalogue before it", "proven"),
        ("the revision changes nothing where its work is done", "proven"),
    ]
    assert found.revision.written == (
        "2_adopt_the_schema_of_the_database.sql",
        "2_adopt_the_schema_of_the_database.down.sql",
    )
    assert drift(wanted, compare).items == ()


def test_database_that_cannot_run_the_revision_is_to_be_stamped(tmp_path: Path) -> None:
    """A view on a view: the first cannot be dropped to be made anew."""
    wanted, compare = plain(tmp_path, FIRST + VIEWS)
    write(tmp_path, **{"m/1_t.sql": f"{FIRST} create view v as select 1 as zero;"})
    write(tmp_path, **{"m/1_t.down.sql": "drop view v; drop table t;"})
    found = drift(wanted, compare)
    assert found.revision is not None
    assert [item.verdict for item in found.revision.proofs] == ["proven"] * 4
    assert found.revision.notes == (
        "it cannot run where its work is done: tell that database that it has it (a row for"
        " 2_adopt_the_schema_of_the_database in the version table of the tool that runs the files)",
    )


def test_pending_revision_that_collides_with_the_database_is_told(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    wanted, _ = plain(tmp_path, "")
    write(tmp_path, **{"m/2_n.sql": "alter table t add n text;"})
    database.execute(
        f"{FIRST} alter table t add n text; create table schema_migrations (version text);"
        "insert into schema_migrations values ('1')".encode()
    )
    url = cluster.url(database.info.dbname)
    found = drift(wanted, Compare(database=url, adopt="database"))
    assert [(item.name, item.states) for item in found.items] == []
    assert found.pending == ("2_n",)
    assert found.revision is None
    database.execute(b"alter table t add o text")
    found = drift(wanted, Compare(database=url, adopt="database"))
    assert found.revision is not None
    assert (found.revision.files, found.revision.notes) == (
        (),
        (
            'revision 2_n is pending and fails on the database\'s schema: column "n" of relation'
            ' "t" already exists',
        ),
    )


def test_database_that_has_only_what_models_lack_needs_no_revision(tmp_path: Path) -> None:
    root = alembic(tmp_path)
    write(tmp_path, **{"db.sql": f"{FIRST} alter table t add column n text;"})
    found = drift(Wanted(root), Compare(snapshot=tmp_path / "db.sql", adopt="database"))
    assert {side for item in found.items for side in item.lacks} == {
        "migrations",
        "models",
        "database",
    }
    assert found.revision is not None
    assert (found.revision.files, found.revision.proofs) == ((), ())


def test_names_of_not_null_are_not_written_for_a_server_that_has_none(tmp_path: Path) -> None:
    """They are there since PostgreSQL 18."""
    production = FIRST.replace("a int", "a int not null").replace("table t(", "table old(")
    made = production.replace("on t", "on old") + "alter table old rename to t;"
    wanted, compare = plain(tmp_path, f"-- Dumped from database version 15.4\n{made}")
    found = drift(wanted, compare)
    assert found.revision is not None
    assert found.revision.proven
    up = found.revision.files[0].text
    assert "alter table public.t alter column a set not null;\n" in up
    assert "old_a_not_null" not in up


def test_empty_version_table_says_that_nothing_has_run(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    wanted, _ = plain(tmp_path, "")
    database.execute(b"create table schema_migrations (version text)")
    found = drift(wanted, Compare(database=cluster.url(database.info.dbname)))
    assert (found.pending, found.items, found.notes) == (("1_t",), (), ())


def test_renamed_column_is_asked_about(tmp_path: Path) -> None:
    wanted, compare = plain(tmp_path, FIRST.replace("b text", "c text"))
    with pytest.raises(InputError, match=r"say --rename public.t.b=c if it was renamed"):
        drift(wanted, compare)
    found = drift(wanted, replace(compare, renames={"t.b": "c"}))
    assert found.revision is not None
    assert found.revision.proven
    assert "rename column b to c" in found.revision.files[0].text


def test_nothing_to_compare_with_is_refused(tmp_path: Path) -> None:
    wanted, _ = plain(tmp_path, "")
    with pytest.raises(InputError, match="there is nothing to compare the migrations with"):
        drift(wanted, Compare())
    with pytest.raises(InputError, match="two databases are given"):
        drift(wanted, Compare(snapshot="a", database="b"))
