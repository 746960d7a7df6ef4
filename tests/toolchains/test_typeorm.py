from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from node_projects import installed, require, write
from recording import Recording, recording

from dbspecialist.facts.effects import EngineError
from dbspecialist.toolchains.base import Mark, MigrationFailed
from dbspecialist.toolchains.typeorm import TypeormProject, detect
from dbspecialist.toolchains.typeorm.runner import TypeormRunner
from dbspecialist.twins.cluster import Cluster

pytestmark = pytest.mark.needs_node

Database = psycopg.Connection[tuple[Any, ...]]
Make = Callable[[dict[str, str]], TypeormProject]

PACKAGE = '{"dependencies": {"typeorm": "1.1.1", "pg": "8.16.3"}}'
VERSIONS = {
    "own": {},
    "0.3": {
        "typeorm": "0.3.28",
        "reflect-metadata": "0.2.2",
        "pg": "8.16.3",
        "typescript": "5.9.3",
    },
    "1.1": {"typeorm": "1.1.1", "reflect-metadata": "0.2.2", "pg": "8.16.3", "esbuild": "0.28.2"},
}


@pytest.fixture(params=VERSIONS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """A project without packages, and with the real ones of two major versions."""
    require("node")
    packages = VERSIONS[request.param]

    def project(files: dict[str, str]) -> TypeormProject:
        write(tmp_path, {"package.json": PACKAGE, **files})
        if packages:
            (tmp_path / "node_modules").symlink_to(installed(**packages))
        found = detect(tmp_path)
        assert found is not None
        return found

    return project


def migration(number: int, up: str, down: str = "", head: str = "") -> str:
    return (
        "import { MigrationInterface, QueryRunner } from 'typeorm'\n"
        f"{head}\n"
        f"export class M{1700000000000 + number} implements MigrationInterface {{\n"
        "    async up(queryRunner: QueryRunner): Promise<void> {\n"
        f"        {up}\n"
        "    }\n"
        "    async down(queryRunner: QueryRunner): Promise<void> {\n"
        f"        {down}\n"
        "    }\n"
        "}\n"
    )


def sends(sql: str) -> str:
    return f"await queryRunner.query(`{sql}`)"


def tables(database: Database) -> list[str]:
    rows = database.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    )
    return [row[0] for row in rows]


def fails(project: TypeormProject, target: Recording, direction: str = "up") -> MigrationFailed:
    with pytest.raises(MigrationFailed) as failed, project.runner(target.target) as runner:
        if direction == "up":
            runner.upgrade(project.history())
        else:
            runner.downgrade(project.history()[-1])
    return failed.value


def test_upgrade_and_downgrade_run_with_a_mark_for_each_statement(
    make: Make, cluster: Cluster, database: Database
) -> None:
    up = "await queryRunner.query(\n            `create table a (id int)`)\n"
    project = make(
        {"a.ts": migration(1, up + sends("create table b ()"), sends("drop table a, b"))}
    )
    seen = recording(cluster, database)
    with project.runner(seen.target) as runner:
        runner.upgrade(project.history())
        assert tables(database) == ["a", "b"]
        runner.downgrade(project.history()[0])
    assert tables(database) == []
    name = "M1700000000001"
    assert seen.marks == [
        Mark(name, None),
        Mark(name, 5),
        Mark(name, 7),
        Mark(name, None),
        Mark(name, None, "down"),
        Mark(name, 10, "down"),
        Mark(name, None, "down"),
    ]


@pytest.mark.parametrize(
    ("version", "notes"),
    [
        ("own", ("a query runner of dbspecialist", "tree-sitter")),
        ("0.3", ("typeorm 0.3.28", "typescript")),
        ("1.1", ("typeorm 1.1.1", "esbuild")),
    ],
)
def test_notes_say_what_runs_the_migrations(
    tmp_path: Path, cluster: Cluster, database: Database, version: str, notes: tuple[str, ...]
) -> None:
    require("node")
    write(tmp_path, {"package.json": PACKAGE, "a.ts": migration(1, "")})
    if VERSIONS[version]:
        (tmp_path / "node_modules").symlink_to(installed(**VERSIONS[version]))
    project = detect(tmp_path)
    assert project is not None
    with project.runner(recording(cluster, database).target) as runner:
        assert isinstance(runner, TypeormRunner)
        runner.upgrade(project.history())
        assert runner.notes[1:] == notes


def test_upgrade_runs_all_in_one_transaction(
    make: Make, cluster: Cluster, database: Database
) -> None:
    files = {
        "a.ts": migration(1, sends("create table a ()")),
        "b.ts": migration(2, sends("select 1/0")),
    }
    failed = fails(make(files), recording(cluster, database))
    assert failed.revision == "M1700000000002"
    assert failed.error == EngineError("22012", "division by zero")
    assert not failed.unchecked
    assert tables(database) == []


def test_upgrade_commits_each_where_that_is_stated(
    make: Make, cluster: Cluster, database: Database
) -> None:
    files = {
        "a.ts": migration(1, sends("create table a ()")),
        "b.ts": migration(2, sends("select 1/0")),
    }
    files["source.ts"] = "export const options = { migrationsTransactionMode: 'each' }"
    fails(make(files), recording(cluster, database))
    assert tables(database) == ["a"]


def test_upgrade_leaves_a_migration_without_transaction_to_itself(
    make: Make, cluster: Cluster, database: Database
) -> None:
    own = migration(2, sends("create index concurrently i on a (id)")).replace(
        "    async up", "    transaction = false\n    async up"
    )
    project = make({"a.ts": migration(1, sends("create table a (id int)")), "b.ts": own})
    seen = recording(cluster, database)
    with project.runner(seen.target) as runner:
        runner.upgrade(project.history())
    assert seen.lines()[-1] == ("M1700000000002", 6)
    assert [item.transactional for item in project.history()] == [True, False]


def test_results_arrive_as_pg_gives_them(make: Make, cluster: Cluster, database: Database) -> None:
    database.execute(
        "create table t (id int, big bigint, n numeric, at timestamptz, j jsonb, u uuid)"
    )
    database.execute(
        "insert into t values (1, 9007199254740993, 1.50, '2026-01-02T03:04:05Z', '{\"a\": [1]}',"
        "'00000000-0000-0000-0000-000000000001'), (2, null, null, null, null, null)"
    )
    up = (
        "const all = 'select * from t where id >= $1 order by id'\n"
        "const [row, none] = await queryRunner.query(all, [1])\n"
        "const updated = await queryRunner.query('update t set id = id + 10 returning id')\n"
        "const found = JSON.stringify([row, row.at instanceof Date, none.at, updated])\n"
        "await queryRunner.query('create table result as select $1::text as it', [found])\n"
    )
    project = make({"a.ts": migration(1, up)})
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    (row,) = database.execute("select it from result").fetchall()
    assert row[0] == (
        '[{"id":1,"big":"9007199254740993","n":"1.50","at":"2026-01-02T03:04:05.000Z",'
        '"j":{"a":[1]},"u":"00000000-0000-0000-0000-000000000001"},true,null,'
        '[[{"id":11},{"id":12}],2]]'
    )


def test_values_beyond_json_arrive_as_pg_gives_them(
    make: Make, cluster: Cluster, database: Database
) -> None:
    database.execute(
        "create table t as select 'infinity'::timestamptz a, date '2026-01-02' b, 'NaN'::float8 c,"
        "array['x', null] d, array[1, 2] e, interval '1 year' f,"
        "int4range(1, 3) g, 'null'::json h"
    )
    up = (
        "const [row] = await queryRunner.query('select a, b, c, d, e, g, h from t')\n"
        "const found = [row.a === Infinity, row.b.getFullYear(), row.b.getHours(), isNaN(row.c)]\n"
        "const text = JSON.stringify([found, row.d, row.e, row.g, row.h])\n"
        "await queryRunner.query('create table result as select $1::text as it', [text])\n"
    )
    project = make({"a.ts": migration(1, up)})
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    (row,) = database.execute("select it from result").fetchall()
    assert row[0] == '[[true,2026,0,true],["x",null],[1,2],"[1,3)",null]'


def test_imports_of_the_project_are_followed(
    make: Make, cluster: Cluster, database: Database
) -> None:
    head = "import { Names } from './names.js'; import { Role } from '@app/role.entity'"
    up = sends("create table ${Names.First} ()") + ";" + sends("create table ${Role.table} ()")
    files = {
        "m/a.ts": migration(1, up, head=head),
        "m/names.ts": "export enum Names { First = 'one' }",
        "src/role.entity.ts": "import { Entity } from 'typeorm'\n"
        "@Entity() export class Role { static table = 'two' }",
        "tsconfig.json": '{"compilerOptions": {"paths": {"@app/*": ["./src/*"]}}} // comment',
    }
    project = make(files)
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    assert tables(database) == ["one", "two"]


def test_extensions_are_created_before_the_first_migration(
    make: Make, cluster: Cluster, database: Database
) -> None:
    entity = "@Entity() class A { @Column({ type: 'citext' }) name: string }"
    project = make({"a.ts": migration(1, ""), "src/a.entity.ts": entity})
    seen = recording(cluster, database)
    with project.runner(seen.target):
        rows = database.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
    assert rows == [("citext",), ("plpgsql",)]
    assert seen.marks == []


def test_columns_can_be_asked_for(make: Make, cluster: Cluster, database: Database) -> None:
    database.execute("create table t (id int)")
    up = (
        "const table = await queryRunner.getTable('t')\n"
        "if (table!.columns.some((column) => column.name === 'id')\n"
        " && await queryRunner.hasTable('t') && !(await queryRunner.hasColumn('t', 'x'))) "
    ) + sends("create table found ()")
    project = make({"a.ts": migration(1, up)})
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    assert tables(database) == ["found", "t"]


def test_a_migration_that_throws_fails_by_itself(
    make: Make, cluster: Cluster, database: Database
) -> None:
    project = make({"a.ts": migration(1, "throw new Error('not today')")})
    failed = fails(project, recording(cluster, database))
    assert (failed.revision, failed.reason, failed.error) == ("M1700000000001", "not today", None)
    assert not failed.unchecked


def test_a_file_that_cannot_be_read_fails_in_its_own_name(
    make: Make, cluster: Cluster, database: Database
) -> None:
    broken = migration(2, "").replace(
        "implements MigrationInterface {", "implements MigrationInterface {{"
    )
    project = make({"a.ts": migration(1, sends("create table a ()")), "b.ts": broken})
    failed = fails(project, recording(cluster, database))
    assert failed.revision == "M1700000000002"
    assert failed.error is None
    assert failed.unchecked == (project.package.installed("typeorm") is None)
    if failed.unchecked:
        assert failed.reason == "it cannot be read: b.ts: line 3 cannot be parsed"


def test_a_compiler_that_is_a_program_of_its_own_is_not_asked(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    require("node")
    typescript = "node_modules/typescript"
    files = {
        "package.json": PACKAGE,
        f"{typescript}/package.json": '{"name": "typescript", "version": "7.0.2"}',
        f"{typescript}/index.js": "module.exports = { version: '7.0.2', versionMajorMinor: '7.0' }",
        "a.ts": migration(1, sends("create table a ()")),
    }
    project = detect(write(tmp_path, files))
    assert project is not None
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    assert tables(database) == ["a"]


def test_what_a_migration_prints_disturbs_nothing(
    make: Make, cluster: Cluster, database: Database
) -> None:
    up = "console.log('{\"done\": {}}'); process.stdout.write('x\\n'); " + sends(
        "create table a ()"
    )
    project = make({"a.ts": migration(1, up)})
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    assert tables(database) == ["a"]


def test_the_network_is_closed_to_a_migration(
    make: Make, cluster: Cluster, database: Database
) -> None:
    project = make({"a.ts": migration(1, "require('node:net').connect(5432, '127.0.0.1')")})
    failed = fails(project, recording(cluster, database))
    assert failed.reason == "the network is closed while a migration is tried"


def test_the_users_database_is_not_in_the_environment(
    make: Make, cluster: Cluster, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROD_URL", "postgres://app:secret@db.example/prod")
    monkeypatch.setenv("PGPASSWORD", "secret")
    up = "if (JSON.stringify(process.env).includes('secret')) throw new Error('seen')"
    project = make({"a.ts": migration(1, up)})
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())


@pytest.mark.parametrize(
    "endless", ["for (;;) {}", "await new Promise(() => setInterval(() => 0, 9))"]
)
def test_a_migration_without_end_is_stopped(
    make: Make, cluster: Cluster, database: Database, endless: str
) -> None:
    project = make({"a.ts": migration(1, endless)})
    with (
        pytest.raises(MigrationFailed) as failed,
        project.runner(recording(cluster, database).target) as runner,
    ):
        assert isinstance(runner, TypeormRunner)
        runner.seconds = 1.0
        runner.upgrade(project.history()[:1])
    assert str(failed.value) == "M1700000000001: not at its end after 1 s"
    assert failed.value.unchecked


def test_after_a_migration_that_was_stopped_others_run(
    make: Make, cluster: Cluster, database: Database
) -> None:
    files = {"a.ts": migration(1, "for (;;) {}"), "b.ts": migration(2, sends("create table b ()"))}
    project = make(files)
    with project.runner(recording(cluster, database).target) as runner:
        assert isinstance(runner, TypeormRunner)
        runner.seconds = 1.0
        with pytest.raises(MigrationFailed):
            runner.upgrade(project.history()[:1])
        runner.upgrade(project.history()[1:])
    assert tables(database) == ["b"]


def test_a_promise_that_is_not_awaited_is_marked_with_its_line(
    make: Make, cluster: Cluster, database: Database
) -> None:
    up = "const given = [`create table a ()`]\n\n return queryRunner.query(given[0]).then(() => {})"
    project = make({"a.ts": migration(1, up)})
    seen = recording(cluster, database)
    with project.runner(seen.target) as runner:
        runner.upgrade(project.history())
    assert [item.line for item in seen.marks] == [None, 7, None]


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        ("", "npm install"),
        ("package-lock.json", "npm ci"),
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
        ("yarn.lock", "yarn install --frozen-lockfile"),
    ],
)
def test_a_package_that_is_not_installed_is_missed_only_where_it_is_used(
    make: Make, cluster: Cluster, database: Database, lock: str, command: str
) -> None:
    head = "import { nanoid } from 'nanoid-not-installed'"
    files = {
        "a.ts": migration(1, sends("create table a ()"), sends("select ${nanoid(3)}"), head=head)
    }
    project = make({**files, **({lock: ""} if lock else {})})
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(project.history())
    failed = fails(project, recording(cluster, database), "down")
    assert failed.unchecked
    assert failed.reason == (
        f"the package nanoid-not-installed is not installed ({command}), and nanoid of it is needed"
    )
    assert tables(database) == ["a"]


def test_a_process_that_ends_is_told_from_a_refusal(
    make: Make, cluster: Cluster, database: Database
) -> None:
    project = make({"a.ts": migration(1, "process.exit(3)")})
    failed = fails(project, recording(cluster, database))
    assert failed.revision == "M1700000000001"
    assert failed.reason.startswith("node ended")
    assert failed.unchecked


def test_without_node_all_is_unchecked(
    tmp_path: Path, cluster: Cluster, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = detect(write(tmp_path, {"package.json": PACKAGE, "a.ts": migration(1, "")}))
    assert project is not None
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = fails(project, recording(cluster, database))
    assert failed.unchecked
    assert failed.reason == "node is not on PATH"
