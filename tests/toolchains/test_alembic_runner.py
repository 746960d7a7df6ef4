import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from alembic_fixture import ASYNC_ENV, revision, write_project
from recording import Recording, recording

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic import detect
from dbspecialist.toolchains.alembic.project import AlembicProject
from dbspecialist.toolchains.base import Mark, MigrationFailed
from dbspecialist.twins.cluster import Cluster

Database = psycopg.Connection[tuple[Any, ...]]

CREATE = 'op.create_table(\n    "a",\n    sa.Column("b", sa.Integer),\n)'


@pytest.fixture
def seen(cluster: Cluster, database: Database) -> Recording:
    return recording(cluster, database)


def project(root: Path) -> AlembicProject:
    found = detect(root)
    assert found is not None
    return found


def names(database: Database) -> list[str]:
    rows = database.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' ORDER BY 1"
    )
    return [row[0] for row in rows]


def version(database: Database) -> list[str]:
    return [
        row[0] for row in database.execute("SELECT version_num FROM alembic_version ORDER BY 1")
    ]


def test_upgrade_marks_each_statement_with_its_line(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    second = revision("bbb", "aaa", 'op.execute("select 1")\nop.execute("select 2")')
    found = project(write_project(tmp_path, {"1": revision("aaa", None, CREATE), "2": second}))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["a", "alembic_version"]
    assert version(database) == ["bbb"]
    lines = list(dict.fromkeys(seen.lines()))
    assert lines == [("aaa", None), ("aaa", 16), ("bbb", None), ("bbb", 16), ("bbb", 17)]
    assert seen.marks[0] == Mark("", None, "setup")
    assert seen.marks[-1] == Mark("bbb", None, "up")


def test_upgrade_reaches_no_database_but_the_target(tmp_path: Path, seen: Recording) -> None:
    up = 'import psycopg\npsycopg.connect("host=unreachable.invalid dbname=production").close()'
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())


@pytest.mark.parametrize(
    ("configure", "left"),
    [("", []), (", transaction_per_migration=True", ["a", "alembic_version"])],
)
def test_upgrade_has_the_transactions_of_env(
    tmp_path: Path, database: Database, seen: Recording, configure: str, left: list[str]
) -> None:
    files = {
        "1": revision("aaa", None, CREATE),
        "2": revision("bbb", "aaa", 'op.execute("select 1/0")'),
    }
    found = project(write_project(tmp_path, files, configure=configure))
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert caught.value.revision == "bbb"
    assert caught.value.error is not None
    assert (caught.value.error.sqlstate, caught.value.error.message) == (
        "22012",
        "division by zero",
    )
    assert names(database) == left


def test_upgrade_keeps_settings_of_the_connection(tmp_path: Path, seen: Recording) -> None:
    up = (
        'found = op.get_bind().execute(sa.text("show lock_timeout")).scalar()\n'
        'assert found == "7s", found'
    )
    engine = ', connect_args={"options": "-c lock_timeout=7s"}'
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}, engine=engine))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())


def test_upgrade_through_an_async_environment(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    up = CREATE + (
        '\nfound = op.get_bind().exec_driver_sql("show lock_timeout").scalar()'
        '\nassert found == "4s", found'
    )
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}, env=ASYNC_ENV))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
        assert not any("env.py was not run" in note for note in runner.notes)
    assert names(database) == ["a", "alembic_version"]
    assert ("aaa", 16) in seen.lines()


def test_downgrade_and_upgrade_again_in_one_process(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "1": revision("aaa", None, CREATE, 'op.drop_table("a")'),
        "2": revision("bbb", "aaa", 'op.add_column("a", sa.Column("c", sa.Integer))'),
    }
    found = project(write_project(tmp_path, files))
    first, _ = found.history()
    with found.runner(seen.target) as runner:
        runner.upgrade([first])
        runner.downgrade(first)
        assert names(database) == ["alembic_version"]
        runner.upgrade(found.history())
    assert ("aaa", 23) in seen.lines("down")
    assert version(database) == ["bbb"]


def test_upgrade_of_pending_ones_sets_an_empty_version_table(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "1": revision("aaa", None, CREATE),
        "2": revision("bbb", "aaa", 'op.add_column("a", sa.Column("c", sa.Integer))'),
    }
    database.execute("create table a (b int)")
    found = project(write_project(tmp_path, files))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history()[1:])
    assert version(database) == ["bbb"]
    assert [item for item in seen.marks if item.direction == "setup"]


def test_upgrade_runs_branches_and_their_merge(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "1": revision("aaa", None, CREATE),
        "2": revision("bbb", "aaa", 'op.execute("create table b()")'),
        "3": revision("ccc", "aaa", 'op.execute("create table c()")'),
        "4": revision("ddd", ("bbb", "ccc")),
    }
    found = project(write_project(tmp_path, files))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history()[:3])
        assert version(database) == ["bbb", "ccc"]
        runner.upgrade(found.history()[3:])
    assert version(database) == ["ddd"]


def test_upgrade_with_a_concurrent_index_in_an_autocommit_block(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    up = (
        CREATE + "\nwith op.get_context().autocommit_block():\n"
        '    op.create_index("i", "a", ["b"], postgresql_concurrently=True)'
    )
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert database.execute("select indisvalid from pg_index").fetchone() is not None
    assert version(database) == ["aaa"]


def test_env_that_cannot_be_imported_is_replaced_with_a_note(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    found = project(
        write_project(
            tmp_path,
            {"1": revision("aaa", None, CREATE)},
            imports="import not_there_at_all",
            configure=', version_table="versions", version_table_schema="meta"',
        )
    )
    database.execute("create schema meta")
    assert found.version_table == "meta.versions"
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
        assert runner.notes[-1] == (
            "env.py was not run (ModuleNotFoundError: No module named 'not_there_at_all');"
            " the revisions ran with a plain environment, so that settings made in env.py"
            " do not count"
        )
    assert database.execute("select version_num from meta.versions").fetchall() == [("aaa",)]


def test_revision_that_does_not_import_fails_alone(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "1": revision("aaa", None, CREATE),
        "2": revision("bbb", "aaa", extra="import not_there_at_all"),
    }
    found = project(write_project(tmp_path, files))
    first, second = found.history()
    with found.runner(seen.target) as runner:
        runner.upgrade([first])
        with pytest.raises(MigrationFailed) as caught:
            runner.upgrade([second])
    assert caught.value.revision == "bbb"
    assert caught.value.unchecked
    assert caught.value.reason == (
        "it does not import: ModuleNotFoundError: No module named 'not_there_at_all'"
    )
    assert version(database) == ["aaa"]


def test_env_of_another_database_is_an_input_error(tmp_path: Path, seen: Recording) -> None:
    root = write_project(tmp_path, {"1": revision("aaa", None)})
    ini = root / "alembic.ini"
    ini.write_text(ini.read_text().replace("postgresql+psycopg://", "sqlite:///x?"))
    found = project(root)
    with found.runner(seen.target) as runner, pytest.raises(InputError, match="connects to sqlite"):
        runner.upgrade(found.history())


def test_environment_variables_name_the_target_alone(
    tmp_path: Path, seen: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB", "postgresql+asyncpg://u:secret@production.invalid/shop")
    up = (
        'import os\nshop = os.environ["SHOP_DB"]\n'
        'assert shop.startswith("postgresql+asyncpg://postgres@localhost:5432/test_"), shop\n'
        'assert "production" not in str(dict(os.environ))\n'
        'import psycopg\nplain = os.environ["DATABASE_URL"]\n'
        'psycopg.connect(plain).execute("create table reached()").connection.commit()'
    )
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())


def test_revision_that_ends_the_process_is_unchecked(tmp_path: Path, seen: Recording) -> None:
    up = 'import os, sys\nprint("last words", file=sys.stderr, flush=True)\nos._exit(3)'
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}))
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert (caught.value.revision, caught.value.unchecked) == ("aaa", True)
    assert caught.value.reason == "last words"


def test_revision_that_never_ends_is_stopped(
    tmp_path: Path, seen: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbspecialist.toolchains.alembic.process.SILENCE_SECONDS", 1.0)
    found = project(write_project(tmp_path, {"1": revision("aaa", None, "while True:\n    pass")}))
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert caught.value.reason == "it did nothing for 1 s and was stopped"
    assert caught.value.unchecked


def test_revision_that_exits_fails(tmp_path: Path, seen: Recording) -> None:
    found = project(write_project(tmp_path, {"1": revision("aaa", None, "raise SystemExit(2)")}))
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed, match="SystemExit: 2"):
        runner.upgrade(found.history())


def test_what_a_revision_prints_does_not_disturb(tmp_path: Path, seen: Recording) -> None:
    up = 'import sys, os\nprint("{}")\nos.system("echo {}")\nassert sys.stdin.read() == ""'
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())


OFFLINE_ENV = """from alembic import context
if not context.is_offline_mode():
    raise RuntimeError("only with --sql")
context.configure(url="postgresql://", literal_binds=True)
with context.begin_transaction():
    context.run_migrations()
"""

SEVERAL_ENV = """from alembic import context
from sqlalchemy import create_engine
for name in ("one", "two"):
    with create_engine("postgresql+psycopg://unreachable.invalid/" + name).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""


def test_env_for_offline_mode_alone_is_replaced_with_a_note(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    up = "assert not op.get_context().as_sql\n" + CREATE
    found = project(write_project(tmp_path, {"1": revision("aaa", None, up)}, env=OFFLINE_ENV))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["a", "alembic_version"]
    assert "env.py was not run (RuntimeError: only with --sql)" in found.notes[-1]


def test_env_for_several_databases_runs_the_first_with_a_note(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {"1": revision("aaa", None, CREATE)}
    found = project(write_project(tmp_path, files, env=SEVERAL_ENV))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["a", "alembic_version"]
    assert (
        found.notes[-1] == "env.py runs the revisions for several databases; one was run, two not"
    )


TWO_ENV = """from alembic import context
from sqlalchemy import create_engine
names = ("one", "two")
engines = [create_engine("postgresql+psycopg://unreachable.invalid/x") for _ in names]
connections = [engine.connect() for engine in engines]
begun = [connection.begin() for connection in connections]
for name, connection in zip(names, connections):
    context.configure(connection=connection)
    context.run_migrations(engine_name=name)
for one in begun:
    one.commit()
for connection in connections:
    connection.close()
"""


def test_env_that_opens_several_transactions_runs_one(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    text = revision("aaa", None, CREATE).replace("def upgrade()", "def upgrade(engine_name)")
    found = project(write_project(tmp_path, {"1": text}, env=TWO_ENV))
    with found.runner(seen.target) as runner:
        runner.upgrade(found.history())
    assert names(database) == ["a", "alembic_version"]
    assert (
        found.notes[-1] == "env.py runs the revisions for several databases; one was run, two not"
    )


TEXT_ENV = """from alembic import context
{guard}
    context.configure(url="postgresql://", literal_binds=True{more})
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.parametrize(
    ("guard", "more"), [("if context.is_offline_mode():", ""), ("if True:", ", as_sql=True")]
)
def test_env_for_text_alone_has_its_text_sent(
    tmp_path: Path, database: Database, seen: Recording, guard: str, more: str
) -> None:
    files = {
        "1": revision("aaa", None, CREATE, "op.drop_table('a')"),
        "2": revision("bbb", "aaa", 'op.execute("INSERT INTO a VALUES (1) -- 100%s; \'\\n")'),
    }
    env = TEXT_ENV.format(guard=guard, more=more)
    found = project(write_project(tmp_path, files, env=env))
    first, second = found.history()
    with found.runner(seen.target) as runner:
        runner.upgrade([first])
        runner.upgrade([second])
        assert database.execute("SELECT * FROM a").fetchall() == [(1,)]
        runner.downgrade(second)
        runner.downgrade(first)
        assert "a" not in names(database)
        runner.upgrade([first, second])
    assert version(database) == ["bbb"]
    assert "env.py runs revisions with --sql alone: the text that it writes was sent" in found.notes
    assert ("bbb", 16) in seen.lines()


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ("from alembic import context\n", "env.py does not call context.run_migrations()"),
        (
            "from alembic import context\nif context.is_offline_mode(): raise ValueError('no')\n",
            "env.py runs no revision, and with --sql: ValueError: no",
        ),
    ],
)
def test_env_that_runs_nothing_is_unchecked(
    tmp_path: Path, seen: Recording, env: str, reason: str
) -> None:
    found = project(write_project(tmp_path, {"1": revision("aaa", None, CREATE)}, env=env))
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert (caught.value.revision, caught.value.reason) == ("aaa", reason)
    assert caught.value.unchecked


def test_create_all_makes_the_tables_of_the_models(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    root = write_project(
        tmp_path,
        {"1": revision("aaa", None)},
        imports="from models import metadata",
        metadata="metadata",
    )
    (root / "models.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        'sa.Table("t", metadata, sa.Column("id", sa.Integer), schema="s")\n'
        'sa.Table("u", metadata, sa.Column("id", sa.Integer))\n'
    )
    with project(root).runner(seen.target) as runner:
        assert runner.create_all() == ("s.t", "u")
    assert names(database) == ["u"]


def test_create_all_without_metadata_is_an_input_error(tmp_path: Path, seen: Recording) -> None:
    found = project(write_project(tmp_path, {"1": revision("aaa", None)}))
    with found.runner(seen.target) as runner, pytest.raises(InputError, match="target_metadata"):
        runner.create_all()


def test_interpreter_without_alembic_is_passed_over_with_a_note(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    root = write_project(tmp_path, {"1": revision("aaa", None, CREATE)})
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    python.chmod(0o755)
    found = project(root)
    with found.runner(seen.target) as runner:
        assert runner.notes[0] == f"not used: {python}: No module named 'alembic'"
        runner.upgrade(found.history())
    assert names(database) == ["a", "alembic_version"]


def test_driver_ends_with_whoever_started_it(tmp_path: Path, seen: Recording) -> None:
    write_project(tmp_path, {"1": revision("aaa", None, "import time\ntime.sleep(600)")})
    program = (
        "import sys, pathlib\n"
        "from dbspecialist.toolchains.alembic import detect\n"
        "from dbspecialist.toolchains.base import Target\n"
        "found = detect(pathlib.Path(sys.argv[1]))\n"
        "with found.runner(Target(sys.argv[2], lambda mark: print(mark, flush=True))) as runner:\n"
        "    runner.upgrade(found.history())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), seen.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        while "aaa" not in owner.stdout.readline():
            pass
        (driver,) = psutil.Process(owner.pid).children()
        os.kill(owner.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while driver.is_running() and driver.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_three_hundred_revisions_run_in_one_driver(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {"0": revision("r0", None, CREATE)}
    for number in range(1, 300):
        up = f'op.add_column("a", sa.Column("c{number}", sa.Integer))'
        files[str(number)] = revision(f"r{number}", f"r{number - 1}", up)
    found = project(write_project(tmp_path, files))
    with found.runner(seen.target) as runner:
        for migration in found.history():
            runner.upgrade([migration])
    assert version(database) == ["r299"]
