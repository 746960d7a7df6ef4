from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.engines.sqlite.connection import Session
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.snapshot import snapshot
from dbspecialist.tasks.twin import twin_open, twin_run

SCHEMA = """
create table parents(id integer primary key, name text, note text);
create index by_name on parents(name);
create table children(id integer primary key, parent_id integer references parents(id));
insert into parents values (1, 'a', null), (2, 'b', 'x');
analyze;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


def test_snapshot_holds_schema_statistics_and_sizes_but_no_value(file: Path) -> None:
    taken = snapshot(f"sqlite:///{file}")
    assert (taken.engine, taken.database, taken.source) == ("sqlite", "app", "app.db")
    assert {item.relation: item.tuples for item in taken.relations} == {
        "main.parents": 2,
        "main.children": 0,
    }
    assert taken.column["main.parents", "note"].null_frac == 0.5
    assert [item.create for item in taken.catalogue.of_kind("statistics")] == [
        "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('parents', 'by_name', '2 1')"
    ]


def test_snapshot_of_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(InputError, match="SQLite cannot read it: file is not a database"):
        snapshot(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(InputError, match="there is no file"):
        snapshot(f"sqlite:///{tmp_path}/b.db")


def test_twin_plans_by_production_statistics(file: Path, tmp_path: Path) -> None:
    snapshot(f"sqlite:///{file}", tmp_path / "app.snapshot")
    with (
        twin_open(tmp_path / "app.snapshot") as twin,
        closing(sqlite3.connect(twin.url.removeprefix("sqlite:///"))) as connection,
    ):
        found = connection.execute("SELECT stat FROM sqlite_stat1").fetchall()
        assert found == [("2 1",)]
        assert connection.execute("SELECT count(*) FROM parents").fetchone() == (0,)
        path = Path(twin.url.removeprefix("sqlite:///"))
    assert not path.exists()
    program = "import os, sys; sys.exit(os.environ['DATABASE_URL'].startswith('sqlite:///') + 4)"
    assert twin_run(tmp_path / "app.snapshot", [sys.executable, "-c", program]) == 5


def test_migrations_are_proven_on_the_engine_of_the_snapshot(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "001_a.sql").write_text("alter table parents add column n int not null;\n")
    (folder / "002_b.sql").write_text("alter table parents rename column name to label;\n")
    (folder / "002_b.down.sql").write_text("alter table parents rename column label to name;\n")
    report = dbspecialist.prove([folder], snapshot=snapshot(f"sqlite:///{file}"))
    assert report.twin.engine == "sqlite"
    first, second = report.migrations
    assert first.round_trip is not None
    assert first.round_trip.basis == (
        "the upgrade fails: SQLITE_ERROR: Cannot add a NOT NULL column with default value NULL"
    )
    assert second.round_trip is not None
    assert (second.round_trip.verdict, second.round_trip.tries) == ("tested", 6)


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("attach '{other}' as o", "SQLITE_AUTH"),
        ("vacuum into '{other}'", "SQLITE_AUTH"),
        ("select load_extension('x')", "SQLITE_ERROR"),
    ],
)
def test_migrations_reach_no_other_file(sql: str, refusal: str, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    (tmp_path / "m.sql").write_text(sql.format(other=other))
    report = dbspecialist.prove([tmp_path / "m.sql"], snapshot=snapshot(f"sqlite:///{file}"))
    error = report.migrations[0].statements[0].error
    assert error is not None
    assert error.sqlstate == refusal
    assert not other.exists()


def test_a_statement_without_end_is_stopped(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbspecialist.twins.sqlite.stage.Stage.statement_seconds", 0.3)
    (tmp_path / "m.sql").write_text(
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    )
    report = dbspecialist.prove([tmp_path / "m.sql"], snapshot=snapshot(f"sqlite:///{file}"))
    assert report.migrations[0].statements[0].unchecked == "it was stopped for its time"


ENV = """
from alembic import context
from sqlalchemy import create_engine, event

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))


@event.listens_for(engine, "connect")
def enforce(connection, _):
    connection.execute("PRAGMA foreign_keys = {foreign_keys}")


with engine.connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""

FIRST = """
from alembic import op
import sqlalchemy as sa

revision, down_revision = "a1", None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.Text),
        sa.CheckConstraint("length(email) > 0"),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE")),
    )


def downgrade():
    op.drop_table("posts")
    op.drop_table("users")
"""

SECOND = """
from alembic import op
import sqlalchemy as sa

revision, down_revision = "b2", "a1"


def upgrade():
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("age", sa.Integer))
        batch.alter_column("email", type_=sa.String(80))


def downgrade():
    with op.batch_alter_table("users") as batch:
        batch.drop_column("age")
        batch.alter_column("email", type_=sa.Text)
"""


def alembic_project(root: Path, foreign_keys: str) -> Path:
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    ini = "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n"
    (root / "alembic.ini").write_text(ini)
    (root / "migrations" / "env.py").write_text(ENV.format(foreign_keys=foreign_keys))
    (versions / "a1.py").write_text(FIRST)
    (versions / "b2.py").write_text(SECOND)
    return root


def test_batch_mode_of_alembic_is_seen_to_delete_children(tmp_path: Path) -> None:
    report = dbspecialist.prove([alembic_project(tmp_path, "ON")], engine="sqlite", from_="a1")
    tags = [item.tags[0] for item in report.migrations[0].statements]
    assert tags == [
        *("PRAGMA foreign_keys", "CREATE TABLE", "BEGIN", "INSERT", "DROP TABLE"),
        *("ALTER TABLE", "COMMIT"),
    ]
    found = {item.rule: item for item in report.findings}
    assert set(found) == {
        *("switch-foreign-keys-off-for-rebuilds", "keep-checks-in-rebuilds"),
        "restore-what-the-upgrade-changes",
    }
    cascade = found["switch-foreign-keys-off-for-rebuilds"]
    assert (cascade.severity, cascade.location.line) == ("error", 9)
    assert cascade.message.startswith("DROP TABLE users deletes rows of posts with it")
    assert not (tmp_path / "app.db").exists()


def test_batch_mode_without_enforced_keys_keeps_children(tmp_path: Path) -> None:
    report = dbspecialist.prove([alembic_project(tmp_path, "OFF")], engine="sqlite", from_="a1")
    assert "switch-foreign-keys-off-for-rebuilds" not in {item.rule for item in report.findings}


def test_history_of_alembic_runs_from_zero(tmp_path: Path) -> None:
    report = dbspecialist.prove([alembic_project(tmp_path, "OFF")], engine="sqlite")
    first = report.migrations[0]
    assert [item.creates for item in first.statements if item.creates] == [
        (("CREATE TABLE", "table", "main.users"),),
        (("CREATE TABLE", "table", "main.posts"),),
    ]


PRISMA = """-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_parents" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL DEFAULT '',
    "note" TEXT
);
INSERT INTO "new_parents" ("id", "name", "note")
    SELECT "id", coalesce("name", ''), "note" FROM "parents";
DROP TABLE "parents";
ALTER TABLE "new_parents" RENAME TO "parents";
CREATE INDEX "by_name" ON "parents"("name");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
"""


def test_prisma_rebuilds_are_judged(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "prisma" / "migrations" / "20260101_names"
    folder.mkdir(parents=True)
    (folder / "migration.sql").write_text(PRISMA)
    (folder.parent / "migration_lock.toml").write_text('provider = "sqlite"\n')
    (tmp_path / "package.json").write_text('{"devDependencies": {"prisma": "^6.19.0"}}')
    report = dbspecialist.prove([tmp_path], snapshot=snapshot(f"sqlite:///{file}"))
    assert [(item.rule, item.severity) for item in report.findings] == [
        ("make-rebuilds-in-one-transaction", "error"),
        ("check-foreign-keys-after-rebuilds", "warning"),
    ]


def test_a_defect_of_the_library_is_told_in_one_line(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Session.execute

    def deadly(self: Session, sql: str) -> list[tuple[object, ...]]:
        if sql.startswith("create table b"):
            os.kill(os.getpid(), signal.SIGSEGV)
        return execute(self, sql)

    monkeypatch.setattr(Session, "execute", deadly)
    (tmp_path / "m.sql").write_text("create table a(b);\ncreate table b(c);\n")
    with pytest.raises(InputError, match="ended with SIGSEGV at a migration"):
        dbspecialist.prove([tmp_path / "m.sql"], snapshot=snapshot(f"sqlite:///{file}"))


def test_a_history_that_does_not_replay_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "001_a.sql").write_text("create table a(b)) broken;\n")
    (folder / "002_b.sql").write_text("create table c(d);\n")
    with pytest.raises(InputError, match="the history does not replay: near"):
        dbspecialist.prove([folder], engine="sqlite", from_="001_a")
