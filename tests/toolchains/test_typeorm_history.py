from pathlib import Path

from node_projects import write

from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.typeorm import TypeormProject, detect

PACKAGE = '{"dependencies": {"typeorm": "1.1.1"}}'
USERS = """import { MigrationInterface, QueryRunner } from 'typeorm'

export class Users1700000000002 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`create table users (id int)`)
    }
    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`drop table users`)
    }
}
"""
FIRST = """// class Ignored1600000000000 implements MigrationInterface { up() {} }
module.exports = class First {
  name = 'First1700000000001'
  async up(queryRunner) { await queryRunner.query('select 1') }
  async down(queryRunner) {
    // nothing to take back
  }
}
"""


def project(folder: Path, files: dict[str, str]) -> TypeormProject:
    found = detect(write(folder, files))
    assert found is not None
    return found


def test_history_follows_the_time_stamps_of_names_and_not_of_files(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        {
            "package.json": PACKAGE,
            "src/migrations/1-users.ts": USERS,
            "src/migrations/9-first.js": FIRST,
            "dist/migrations/1-users.js": FIRST,
        },
    )
    assert found.history() == (
        Migration(
            "First1700000000001", "src/migrations/9-first.js", "typeorm", (), "First", True, False
        ),
        Migration(
            "Users1700000000002",
            "src/migrations/1-users.ts",
            "typeorm",
            ("First1700000000001",),
            "Users",
            True,
            True,
        ),
    )


def test_history_of_a_package_below_the_root_names_paths_from_the_root(tmp_path: Path) -> None:
    files = {"package.json": "{}", "server/package.json": PACKAGE, "server/src/m.ts": USERS}
    (only,) = project(tmp_path, files).history()
    assert only.path == "server/src/m.ts"


def test_history_leaves_out_the_folders_of_other_systems(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE}
    files |= {f"src/migrations/{name}/m.ts": USERS for name in ("postgres", "mysql", "sqlite")}
    (only,) = project(tmp_path, files).history()
    assert only.path == "src/migrations/postgres/m.ts"


def test_detect_finds_nothing_without_the_package_or_without_migrations(tmp_path: Path) -> None:
    assert detect(write(tmp_path / "a", {"package.json": PACKAGE, "src/a.ts": "export {}"})) is None
    assert detect(write(tmp_path / "b", {"package.json": "{}", "src/m.ts": USERS})) is None
    assert detect(write(tmp_path / "c", {"package.json": "{", "src/m.ts": USERS})) is None


def test_applied_reads_the_version_table_by_its_own_name(tmp_path: Path) -> None:
    source = "new DataSource({ type: 'postgres', migrationsTableName: 'changes' })"
    files = {"package.json": PACKAGE, "a.ts": USERS, "b.js": FIRST, "source.ts": source}
    found = project(tmp_path, files)
    rows: dict[str, tuple[str, ...]] = {
        "public.migrations": ("Users1700000000002",),
        "public.changes": ("First1700000000001",),
    }
    assert [item.revision for item in found.applied(rows)] == ["First1700000000001"]


def test_mode_is_all_unless_stated(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE, "a.ts": USERS}
    assert project(tmp_path / "default", files).mode == "all"
    files |= {"source.ts": "new DataSource({ migrationsTransactionMode: 'none' })"}
    stated = project(tmp_path / "stated", files)
    assert stated.mode == "none"
    assert [item.transactional for item in stated.history()] == [False]
    script = '{"dependencies": {"typeorm": "1"}, "scripts": {"m": "typeorm migration:run -t each"}}'
    assert project(tmp_path / "script", {"package.json": script, "a.ts": USERS}).mode == "each"


def test_mode_is_each_where_a_migration_has_its_own(tmp_path: Path) -> None:
    own = USERS.replace("    public async up", "    transaction = false\n    public async up")
    found = project(tmp_path, {"package.json": PACKAGE, "a.ts": own, "b.js": FIRST})
    assert found.mode == "each"
    assert [item.transactional for item in found.history()] == [True, False]


def test_extensions_are_those_that_typeorm_creates_for_entities(tmp_path: Path) -> None:
    entity = "@Entity() class A { @PrimaryGeneratedColumn('uuid') id: string\n"
    entity += "@Column({ nullable: true, type: 'citext' }) name: string }"
    files = {"package.json": PACKAGE, "m.ts": USERS, "a.entity.ts": entity}
    assert project(tmp_path, files).settings.extensions == ("uuid-ossp", "citext")


def test_notes_say_what_is_not_installed(tmp_path: Path) -> None:
    found = project(tmp_path, {"server/package.json": PACKAGE, "server/a.ts": USERS})
    assert found.notes == (
        "typeorm and pg not installed for server/package.json: migrations run through a query "
        "runner of dbspecialist, and what it lacks is unchecked (npm install)",
    )
    write(tmp_path, {"node_modules/typeorm/package.json": "{}"})
    write(tmp_path, {"node_modules/pg/package.json": "{}"})
    assert not found.notes
