import hashlib
import json
from pathlib import Path

import pytest
from recording import Database, Recording, names, recording

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.toolchains.prisma_migrate import PrismaProject, detect
from dbspecialist.twins.cluster import Cluster


@pytest.fixture
def seen(cluster: Cluster, database: Database) -> Recording:
    return recording(cluster, database)


def project(root: Path, files: dict[str, str], version: str = "^6.19.0") -> PrismaProject:
    folder = root / "prisma" / "migrations"
    for name, text in files.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "migration.sql").write_text(text)
    (folder / "migration_lock.toml").write_text('# Prisma\nprovider = "postgresql"\n')
    (root / "package.json").write_text(json.dumps({"devDependencies": {"prisma": version}}))
    found = detect(root)
    assert found is not None
    return found


def test_history_is_sorted_by_name(tmp_path: Path) -> None:
    files = {"20260201_second": "select 1", "20260101000000_add_user": "select 1; select 2"}
    history = project(tmp_path, files).history()
    assert [item.revision for item in history] == ["20260101000000_add_user", "20260201_second"]
    assert [item.transactional for item in history] == [True, False]
    assert (history[0].title, history[0].path, history[0].reversible) == (
        "add user",
        "prisma/migrations/20260101000000_add_user/migration.sql",
        False,
    )


def test_upgrade_until_7_3_runs_a_file_in_one_transaction(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {"1": "create table a(b int);", "2": "create table b();\nselect 1/0;"}
    found = project(tmp_path, files, "7.3.0")
    assert found.notes == ()
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert caught.value.revision == "2"
    assert names(database) == ["a"]
    assert seen.lines() == [("1", 1), ("2", None), ("2", 1), ("2", 2), ("2", None)]


def test_upgrade_until_7_3_builds_concurrently_only_alone(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "1": "create table a(b int);",
        "2": "-- one\ncreate index concurrently i on a(b);",
        "3": "set lock_timeout = 0;\ncreate index concurrently j on a(b);",
    }
    found = project(tmp_path, files)
    with found.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(found.history())
    assert caught.value.error is not None
    assert (caught.value.revision, caught.value.error.sqlstate) == ("3", "25001")
    assert names(database) == ["a", "i"]


def test_server_refuses_the_same_in_one_message(database: Database) -> None:
    """The equivalence that the runner rests on: one message, and BEGIN with single ones."""
    database.execute("create table a(b int)")
    script = b"set lock_timeout = 0; create index concurrently j on a(b);"
    result = database.pgconn.exec_(script)
    assert (
        b"CREATE INDEX CONCURRENTLY cannot run inside a transaction block" in result.error_message
    )
    database.pgconn.exec_(b"create table b(); begin; create table c(); commit; select 1/0;")
    assert names(database) == ["a", "b", "c"]


def test_upgrade_since_7_4_runs_statements_by_themselves(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    files = {
        "1": "create table a(b int);\ncreate index concurrently i on a(b);\nselect 1/0;",
        "2": "select 1;\ndrop index concurrently i;",
    }
    found = project(tmp_path, files, "~7.4.2")
    assert "sends statements one by one" in found.notes[0]
    with found.runner(seen.target) as runner:
        first, second = found.history()
        with pytest.raises(MigrationFailed, match="division by zero"):
            runner.upgrade([first])
        with pytest.raises(MigrationFailed, match="DROP INDEX CONCURRENTLY cannot run inside"):
            runner.upgrade([second])
    assert names(database) == ["a", "i"]


def test_version_installed_goes_before_the_one_asked_for(tmp_path: Path) -> None:
    found = project(tmp_path, {"1": "select 1"}, "^6.0.0")
    package = tmp_path / "node_modules" / "prisma"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "7.10.1"}')
    assert found.version == (7, 10)


def test_history_for_another_database_is_an_input_error(tmp_path: Path) -> None:
    found = project(tmp_path, {"1": "select 1"})
    (found.folder / "migration_lock.toml").write_text('provider = "mysql"\n')
    with pytest.raises(InputError) as caught:
        found.history()
    assert str(caught.value) == (
        "prisma/migrations/migration_lock.toml: the migrations are for mysql, not for PostgreSQL;"
        " give another folder, or the engine with --engine"
    )


def test_downgrade_runs_down_sql_where_there_is_one(
    tmp_path: Path, database: Database, seen: Recording
) -> None:
    found = project(tmp_path, {"1": "create table a();", "2": "create table b();"})
    (found.folder / "1" / "down.sql").write_text("drop table a;")
    first, second = found.history()
    with found.runner(seen.target) as runner:
        runner.upgrade([first, second])
        runner.downgrade(first)
        with pytest.raises(MigrationFailed, match="no way back"):
            runner.downgrade(second)
    assert names(database) == ["b"]


def test_applied_and_changed_read_the_version_table(tmp_path: Path) -> None:
    found = project(tmp_path, {"1": "select 1;\n", "2": "select 2;\n", "3": "select 3;\n"})
    table = 'public."_prisma_migrations"'
    assert [item.revision for item in found.applied({table: ("1", "2")})] == ["1", "2"]
    same = hashlib.sha256(b"select 1;\r\n").hexdigest()
    changed = found.changed({table: {"1": same, "2": "00"}})
    assert [item.revision for item in changed] == ["2"]
