from pathlib import Path

import pytest
from node_projects import write
from recording import Database, names, recording

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.toolchains.sql_files import SqlFiles, detect
from dbspecialist.twins.cluster import Cluster


def project(folder: Path, files: dict[str, str]) -> SqlFiles:
    write(folder, files)
    found = detect(folder)
    assert found is not None
    return found


def test_history_of_a_folder_is_sorted_by_number(tmp_path: Path) -> None:
    files = {"10_c.sql": "select 1", "2_b.sql": "select 1", "1_a_table.sql": "select 1"}
    history = project(tmp_path, files).history()
    assert [(item.revision, item.parents) for item in history] == [
        ("1_a_table", ()),
        ("2_b", ("1_a_table",)),
        ("10_c", ("2_b",)),
    ]
    assert (history[0].title, history[0].path, history[0].transactional) == (
        "a table",
        "1_a_table.sql",
        False,
    )


def test_detect_finds_a_folder_named_migrations_and_skips_node_modules(tmp_path: Path) -> None:
    found = project(
        tmp_path, {"node_modules/x/migrations/1.sql": "", "db/migrations/1_a.sql": "select 1"}
    )
    assert found.folder == tmp_path / "db" / "migrations"
    assert [item.path for item in found.history()] == ["db/migrations/1_a.sql"]


def test_detect_prefers_a_folder_named_migrations_to_files_without_numbers(tmp_path: Path) -> None:
    files = {"schema.sql": "select 1", "db/migrations/1_a.sql": "select 1"}
    assert project(tmp_path, files).folder == tmp_path / "db" / "migrations"
    assert project(tmp_path, {"2_b.sql": "select 1"}).folder == tmp_path


def test_detect_without_sql_finds_nothing(tmp_path: Path) -> None:
    assert detect(tmp_path) is None


def test_upgrade_runs_each_statement_in_its_own_transaction(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    sql = project(tmp_path, {"1.sql": "create table a();\ncreate table b();\ncreate table a();"})
    seen = recording(cluster, database)
    with sql.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(sql.history())
    assert caught.value.error is not None
    assert caught.value.error.sqlstate == "42P07"
    assert seen.lines() == [("1", 1), ("1", 2), ("1", 3)]
    assert names(database) == ["a", "b"]


def test_upgrade_in_a_single_transaction_leaves_nothing_of_a_failed_file(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    (tmp_path / "1.sql").write_text("create table a();\ncreate table a();")
    sql = SqlFiles(tmp_path, tmp_path, single_transaction=True)
    seen = recording(cluster, database)
    with sql.runner(seen.target) as runner, pytest.raises(MigrationFailed, match="already exists"):
        runner.upgrade(sql.history())
    assert seen.lines() == [("1", None), ("1", 1), ("1", 2), ("1", None)]
    assert names(database) == []


def test_upgrade_of_a_file_without_its_commit_fails(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    sql = project(tmp_path, {"1.sql": "begin;\ncreate table a();"})
    with (
        sql.runner(recording(cluster, database).target) as runner,
        pytest.raises(MigrationFailed, match="begins a transaction without a COMMIT"),
    ):
        runner.upgrade(sql.history())
    assert names(database) == []


def test_upgrade_sends_copy_data(tmp_path: Path, cluster: Cluster, database: Database) -> None:
    text = "create table a (b int, c text);\ncopy a from stdin;\n1\tx;y\n2\t\\N\n\\.\n"
    sql = project(tmp_path, {"1.sql": text})
    with sql.runner(recording(cluster, database).target) as runner:
        runner.upgrade(sql.history())
    assert database.execute("select * from a").fetchall() == [(1, "x;y"), (2, None)]


def test_upgrade_of_files_gives_each_its_own_session(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    sql = project(
        tmp_path,
        {"1.sql": "create schema s; set search_path = s;", "2.sql": "create table a();"},
    )
    with sql.runner(recording(cluster, database).target) as runner:
        runner.upgrade(sql.history())
    assert names(database) == ["a"]


@pytest.mark.parametrize(
    "files",
    [
        {"1_a.up.sql": "create table a();", "1_a.down.sql": "drop table a;"},
        {"1_a.sql": "create table a();", "1_a_down.sql": "drop table a;"},
        {"1_a.sql": "create table a();", "down/1_a.sql": "drop table a;"},
        {"V1__a.sql": "create table a();", "U1__a.sql": "drop table a;"},
        {"1_a/up.sql": "create table a();", "1_a/down.sql": "drop table a;"},
        {"1_a.sql": "-- migrate:up\ncreate table a();\n-- migrate:down\ndrop table a;\n"},
        {
            "1_a.sql": "-- +goose Up\n-- +goose StatementBegin\ncreate table a();\n"
            "-- +goose StatementEnd\n-- +goose Down\ndrop table a;\n"
        },
    ],
)
def test_downgrade_runs_the_way_back_of_every_form(
    tmp_path: Path, cluster: Cluster, database: Database, files: dict[str, str]
) -> None:
    sql = project(tmp_path, files)
    (migration,) = sql.history()
    assert migration.reversible is True
    with sql.runner(recording(cluster, database).target) as runner:
        runner.upgrade([migration])
        assert names(database) == ["a"]
        runner.downgrade(migration)
    assert names(database) == []


def test_downgrade_without_a_way_back_fails(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    sql = project(tmp_path, {"1.sql": "create table a();"})
    (migration,) = sql.history()
    assert migration.reversible is False
    with (
        sql.runner(recording(cluster, database).target) as runner,
        pytest.raises(MigrationFailed, match="no file or section for the way back"),
    ):
        runner.downgrade(migration)


@pytest.mark.parametrize(
    ("text", "transactional"),
    [
        ("-- +goose Up\ncreate table a();\ncreate table b();\n", True),
        (
            "-- +goose NO TRANSACTION\n-- +goose Up\ncreate table a();\n"
            "create index concurrently on a ((1));\n",
            False,
        ),
        ("-- migrate:up\ncreate table a();\n", True),
    ],
)
def test_upgrade_honours_the_tools_transaction(
    tmp_path: Path, cluster: Cluster, database: Database, text: str, transactional: bool
) -> None:
    sql = project(tmp_path, {"1.sql": text})
    assert sql.history()[0].transactional is transactional
    with sql.runner(recording(cluster, database).target) as runner:
        runner.upgrade(sql.history())
    assert "a" in names(database)


def test_upgrade_of_golang_migrate_runs_a_file_as_one_message(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    files = {
        "1_a.up.sql": "create table a (b int);",
        "2_b.up.sql": "create index concurrently i on a (b);",
        "3_c.up.sql": "create table c();\ncreate index concurrently j on a (b);",
    }
    sql = project(tmp_path, files)
    assert [item.transactional for item in sql.history()] == [False, False, True]
    seen = recording(cluster, database)
    with sql.runner(seen.target) as runner, pytest.raises(MigrationFailed) as caught:
        runner.upgrade(sql.history())
    assert caught.value.error is not None
    assert (caught.value.revision, caught.value.error.sqlstate) == ("3_c", "25001")
    assert names(database) == ["a", "i"]


def test_applied_reads_the_tools_version_tables(tmp_path: Path) -> None:
    sql = project(tmp_path, {f"{n}_a.up.sql": "select 1" for n in (1, 2, 3)})
    assert [m.revision for m in sql.applied({"public.schema_migrations": ("2",)})] == ["1_a", "2_a"]
    assert [m.revision for m in sql.applied({"goose_db_version": ("0", "1", "3")})] == [
        "1_a",
        "3_a",
    ]
    assert sql.applied({"public.alembic_version": ("1",)}) == ()


def test_applied_reads_diesels_versions_without_hyphens(tmp_path: Path) -> None:
    sql = project(tmp_path, {"2024-01-31-120000_a/up.sql": "", "2024-02-01-120000_b/up.sql": ""})
    applied = sql.applied({"public.__diesel_schema_migrations": ("20240131120000",)})
    assert [item.revision for item in applied] == ["2024-01-31-120000_a"]


@pytest.mark.parametrize(
    ("table", "columns", "rows", "expected"),
    [
        ("schema_migrations", "version bigint, dirty boolean", "(7, false)", ("7",)),
        ("schema_migrations", "version text", "('01'), ('02')", ("01", "02")),
        ("__diesel_schema_migrations", "version text, run_on timestamp", "('1', now())", ("1",)),
        (
            "_sqlx_migrations",
            "version bigint, installed_on timestamp, success boolean, execution_time bigint",
            "(1, now(), true, 1), (2, now(), false, 1)",
            ("1",),
        ),
        (
            "goose_db_version",
            "id int, version_id bigint, is_applied boolean",
            "(1, 0, true), (2, 1, true), (3, 2, true), (4, 2, false)",
            ("1",),
        ),
    ],
)
def test_snapshot_holds_the_version_tables_of_sql_tools(
    *,
    database: Database,
    cluster: Cluster,
    table: str,
    columns: str,
    rows: str,
    expected: tuple[str],
) -> None:
    database.execute(f"create table {table} ({columns}); insert into {table} values {rows}")
    snapshot = capture(cluster.url(database.info.dbname))
    assert snapshot.revisions == {f"public.{table}": expected}


def test_history_of_a_file_that_is_not_sql_names_it(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"1\.sql: byte 0 is not UTF-8; save the file as UTF-8"):
        SqlFiles(tmp_path, tmp_path).history()
