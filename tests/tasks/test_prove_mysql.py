from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import dbspecialist
from dbspecialist.cli._group import group
from dbspecialist.engines.mysql.driver import connect, execute, rows
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.snapshot import snapshot
from dbspecialist.tasks.twin import twin_open, twin_run
from dbspecialist.twins.mysql.server import Server

pytestmark = pytest.mark.needs_mariadb

SCHEMA = """
create table users(id bigint primary key, email varchar(50));
create table orders(id bigint primary key, total int, note text);
"""


@pytest.fixture
def shop(mariadb: Server, tmp_path: Path) -> Path:
    """A snapshot of a database with rows, in a folder with a migration."""
    with contextlib.closing(mariadb.connect()) as admin:
        execute(admin, "DROP DATABASE IF EXISTS live")
        execute(admin, "CREATE DATABASE live")
        admin.select_db("live")
        for statement in SCHEMA.strip().split(";")[:-1]:
            execute(admin, statement)
        execute(admin, "INSERT INTO orders (id, total) VALUES (1, 1), (2, 2), (3, 3)")
        execute(admin, "ANALYZE TABLE orders PERSISTENT FOR ALL")
    url = f"mysql://root@localhost/live?unix_socket={mariadb.socket}"
    snapshot(url, tmp_path / "shop.mariadb.snapshot")
    (tmp_path / "m.sql").write_text(
        "ALTER TABLE orders MODIFY total BIGINT;\nALTER TABLE users ADD COLUMN n INT;\n"
    )
    return tmp_path


def test_migration_is_proven_on_the_engine_of_the_snapshot(shop: Path) -> None:
    report = dbspecialist.prove([shop / "m.sql"], snapshot=shop / "shop.mariadb.snapshot")
    assert report.twin.engine == "mariadb"
    statements = report.migrations[0].statements
    assert [(item.algorithm, item.locks[0].mode) for item in statements] == [
        ("COPY", "MDL_SHARED_NO_WRITE"),
        ("INSTANT", "MDL_EXCLUSIVE"),
    ]
    assert [(item.rule, item.severity, item.relation) for item in report.findings] == [
        ("avoid-table-copies", "warning", "live.orders"),
        ("set-lock-wait-timeout", "warning", "live.orders"),
    ]
    assert {item.verdict for item in report.proofs} == {"unchecked"}


def test_scale_multiplies_the_rows_of_the_snapshot(shop: Path) -> None:
    report = dbspecialist.prove(
        [shop / "m.sql"], snapshot=shop / "shop.mariadb.snapshot", scale=1e6
    )
    assert report.findings[0].severity == "error"
    assert "at 3 million rows" in report.findings[0].message


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github", "markdown"])
def test_every_report_shows_the_finding_and_ends_with_status_1(shop: Path, format_: str) -> None:
    done = CliRunner().invoke(
        group,
        [
            *("prove", str(shop / "m.sql"), "--snapshot", str(shop / "shop.mariadb.snapshot")),
            *("--format", format_, "--fail-on", "warning"),
        ],
        standalone_mode=False,
    )
    assert done.return_value == 1
    assert "avoid-table-copies" in done.output
    if format_ == "json":
        statement = json.loads(done.output)["migrations"][0]["statements"][0]
        assert (statement["algorithm"], statement["rewrites"]) == ("COPY", ["live.orders"])


def test_sql_file_stands_for_production_with_an_engine(tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(SCHEMA)
    (tmp_path / "m.sql").write_text("ALTER TABLE `orders` DROP COLUMN `note` # gone\n;")
    report = dbspecialist.prove(
        [tmp_path / "m.sql"], snapshot=tmp_path / "schema.sql", engine="mariadb"
    )
    statement = report.migrations[0].statements[0]
    assert (statement.algorithm, statement.locks[0].relation) == ("INSTANT", "app.orders")


def test_flyway_scripts_run_with_placeholders_and_their_undo(tmp_path: Path) -> None:
    folder = tmp_path / "src/main/resources/db/migration"
    folder.mkdir(parents=True)
    (folder / "V1__make.sql").write_text("CREATE TABLE `t` (id INT PRIMARY KEY) # the first\n;")
    (folder / "V2__widen.sql").write_text("ALTER TABLE t ADD COLUMN n ${kind};\n")
    (folder / "U2__widen.sql").write_text("ALTER TABLE t DROP COLUMN n;\n")
    (tmp_path / "flyway.conf").write_text(
        "flyway.url=jdbc:mariadb://localhost/shop\nflyway.placeholders.kind=INT\n"
        "flyway.locations=filesystem:src/main/resources/db/migration\n"
    )
    report = dbspecialist.prove([tmp_path], engine="mariadb", from_="1")
    (migration,) = report.migrations
    assert (migration.migration.toolchain, migration.statements[0].algorithm) == (
        "flyway",
        "INSTANT",
    )
    assert migration.round_trip.verdict == "tested"


def test_prisma_migrations_for_mysql_run(tmp_path: Path) -> None:
    for name, sql in (
        (
            "1_init",
            "CREATE TABLE `User` (`id` INTEGER NOT NULL AUTO_INCREMENT, PRIMARY KEY (`id`))",
        ),
        ("2_name", "ALTER TABLE `User` ADD COLUMN `name` VARCHAR(191) NOT NULL DEFAULT ''"),
    ):
        (tmp_path / "prisma/migrations" / name).mkdir(parents=True)
        (tmp_path / "prisma/migrations" / name / "migration.sql").write_text(f"{sql};\n")
    (tmp_path / "prisma/migrations/migration_lock.toml").write_text('provider = "mysql"\n')
    report = dbspecialist.prove([tmp_path], engine="mysql")
    assert [item.statements[0].algorithm for item in report.migrations] == ["", "INSTANT"]
    assert [item.severity for item in report.findings if item.severity == "error"] == []


def test_toolchain_whose_migrations_are_javascript_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"sequelize": "6.37.8"}}')
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/20260101-a.js").write_text(
        "module.exports = {up: async (queryInterface) => {}, down: async () => {}};\n"
    )
    with pytest.raises(InputError, match="sequelize migrations are not tried on MySQL and MariaDB"):
        dbspecialist.prove([tmp_path], engine="mariadb")


def test_engine_that_contradicts_the_snapshot_is_refused(shop: Path) -> None:
    with pytest.raises(InputError, match="--engine says postgresql"):
        dbspecialist.prove(
            [shop / "m.sql"], snapshot=shop / "shop.mariadb.snapshot", engine="postgresql"
        )


def test_twin_has_the_schema_and_is_gone_after_the_block(shop: Path) -> None:
    with twin_open(shop / "shop.mariadb.snapshot") as twin:
        socket = twin.url.partition("unix_socket=")[2]
        with contextlib.closing(
            connect(unix_socket=socket, user="dbs_owner", database="live")
        ) as session:
            assert rows(session, "SHOW TABLES") == [("orders",), ("users",)]
            assert rows(session, "SELECT count(*) FROM orders") == [(0,)]
        assert twin.left_out == ("sizes: tables are empty, and plans are those of empty tables",)
    assert not Path(socket).exists()


def test_command_runs_with_the_url_of_the_twin(shop: Path) -> None:
    code = "import os, sys; sys.exit(7 if os.environ['DATABASE_URL'].startswith('mysql://') else 1)"
    assert twin_run(shop / "shop.mariadb.snapshot", [sys.executable, "-c", code]) == 7


def test_without_a_server_the_way_to_one_is_told(shop: Path) -> None:
    dbs = Path(sys.executable).with_name("dbs")
    done = subprocess.run(
        [dbs, "prove", "m.sql", "--snapshot", "shop.mariadb.snapshot"],
        cwd=shop,
        env={**os.environ, "DBS_MYSQLD": "/nothing"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no mariadbd or mysqld to run twins with" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_postgresql_is_proven_without_the_other_engines_modules() -> None:
    code = "import sys, dbspecialist.tasks.prove; print([m for m in sys.modules if 'mysql' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_database_is_asked_what_a_migration_needs(shop: Path, mariadb: Server) -> None:
    (shop / "m.sql").write_text(
        "ALTER TABLE orders MODIFY total INT NOT NULL;\n"
        "ALTER TABLE orders MODIFY note VARCHAR(5) NOT NULL;\n"
    )
    url = f"mysql://root@localhost/live?unix_socket={mariadb.socket}"
    report = dbspecialist.prove(
        [shop / "m.sql"], snapshot=shop / "shop.mariadb.snapshot", database=url
    )
    assert [(item.verdict, item.claim) for item in report.data_fit] == [
        ("proven", "no row of live.orders is NULL in total"),
        ("proven", "every note of live.orders fits varchar(5)"),
    ]
    found = {item.rule: item for item in report.findings}
    assert found["fill-nulls-before-not-null"].severity == "error"
    assert found["fill-nulls-before-not-null"].location.line == 2
    (proof,) = found["fill-nulls-before-not-null"].evidence
    assert proof.verdict == "refuted"
    assert proof.basis == (
        "note = None; asked: SELECT `note` FROM `orders` WHERE `note` IS NULL LIMIT 1"
    )


def test_fixes_are_written_once_they_are_proven(shop: Path) -> None:
    (shop / "m.sql").write_text(
        "-- of this week\n"
        "ALTER TABLE orders ADD COLUMN n INT, ADD INDEX by_total (total);\n"
        "ALTER TABLE users ADD COLUMN n INT; -- the other one\n"
    )
    report = dbspecialist.prove([shop / "m.sql"], snapshot=shop / "shop.mariadb.snapshot", fix=True)
    assert (shop / "m.sql").read_text() == (
        "-- of this week\n"
        "-- change the table in a statement for each algorithm\n"
        "-- wait 5 s for metadata locks\n"
        "SET SESSION lock_wait_timeout = 5;\n"
        "ALTER TABLE orders ALGORITHM=INSTANT, LOCK=NONE, ADD COLUMN n INT;\n"
        "ALTER TABLE orders ALGORITHM=NOCOPY, LOCK=NONE, ADD INDEX by_total (total);\n"
        "ALTER TABLE users ADD COLUMN n INT; -- the other one\n"
    )
    assert report.findings == ()


def test_foreign_key_is_written_without_a_copy_once_the_database_has_been_asked(
    shop: Path, mariadb: Server
) -> None:
    text = "ALTER TABLE orders ADD CONSTRAINT own FOREIGN KEY (id) REFERENCES users (id);\n"
    (shop / "m.sql").write_text(text)
    url = f"mysql://root@localhost/live?unix_socket={mariadb.socket}"
    kept = shop / "shop.mariadb.snapshot"
    report = dbspecialist.prove([shop / "m.sql"], snapshot=kept, fix=True)
    (copy,) = [x for x in report.findings if x.rule == "add-foreign-keys-without-a-copy"]
    assert copy.fix is not None
    assert not copy.fix.safe
    assert "FOREIGN KEY (id) REFERENCES users (id);" in (shop / "m.sql").read_text()
    with contextlib.closing(connect(unix_socket=str(mariadb.socket), user="root")) as admin:
        execute(admin, "INSERT INTO live.users (id) VALUES (1), (2), (3)")
    (shop / "m.sql").write_text(text)
    dbspecialist.prove([shop / "m.sql"], snapshot=kept, fix=True, database=url)
    assert "SET SESSION foreign_key_checks = 0;\n" in (shop / "m.sql").read_text()


def test_engine_is_that_of_the_projects_configuration(tmp_path: Path) -> None:
    (tmp_path / "flyway.conf").write_text("flyway.url=jdbc:mariadb://localhost/shop\n")
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / "V1__make.sql").write_text("CREATE TABLE `t` (id INT PRIMARY KEY);\n")
    assert dbspecialist.prove([tmp_path]).twin.engine == "mariadb"


def test_history_is_replayed_and_held_against_production(shop: Path) -> None:
    folder = shop / "migrations"
    folder.mkdir()
    (folder / "001_users.sql").write_text(
        "create table users(id bigint primary key, email varchar(50));\n"
    )
    (folder / "002_orders.sql").write_text(
        "create table orders(id bigint primary key, total bigint, note text);\n"
    )
    (folder / "003_note.sql").write_text("ALTER TABLE orders ADD COLUMN more TEXT;\n")
    report = dbspecialist.prove(
        [folder], snapshot=shop / "shop.mariadb.snapshot", from_="002_orders"
    )
    assert [(item.claim, item.verdict, item.basis) for item in report.proofs[:2]] == [
        ("the history replays from zero", "proven", "3 migrations run on an empty database"),
        (
            "production is what the migrations make",
            "refuted",
            "different: column live.orders.total",
        ),
    ]
    (drift,) = [item for item in report.findings if item.rule == "adopt-drift-in-a-revision"]
    assert "live.orders.total" in drift.message
