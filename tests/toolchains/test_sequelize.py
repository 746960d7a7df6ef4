from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from node_projects import installed, require, write
from recording import recording

from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Mark, MigrationFailed
from dbspecialist.toolchains.sequelize import SequelizeProject, detect
from dbspecialist.toolchains.sequelize.runner import SequelizeRunner
from dbspecialist.twins.cluster import Cluster

Database = psycopg.Connection[tuple[Any, ...]]
Make = Callable[[dict[str, str]], SequelizeProject]

PACKAGE = '{"dependencies": {"sequelize": "6.37.8", "pg": "8.16.3"}}'
PACKAGES = {"sequelize": "6.37.8", "pg": "8.16.3", "typescript": "5.9.3"}

USERS = """'use strict';
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('users', {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
    });
    await queryInterface.addIndex('users', ['id'], { name: 'users_again' });
  },
  async down(queryInterface) {
    return queryInterface.dropTable('users');
  },
};
"""
EMPTY = """module.exports = {
  up: (queryInterface) => queryInterface.sequelize.query('select 1'),
  down: async () => {
    // nothing
  },
};
"""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    require("node")

    def project(files: dict[str, str]) -> SequelizeProject:
        write(tmp_path, {"package.json": PACKAGE, **files})
        (tmp_path / "node_modules").symlink_to(installed(**PACKAGES))
        return found(tmp_path)

    return project


def found(folder: Path) -> SequelizeProject:
    project = detect(folder)
    assert project is not None
    return project


def tables(database: Database) -> list[str]:
    rows = database.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    )
    return [row[0] for row in rows]


def test_history_follows_the_names_of_files(tmp_path: Path) -> None:
    files = {
        "package.json": PACKAGE,
        "migrations/2-b.js": EMPTY,
        "migrations/1-add-users.js": USERS,
    }
    files |= {"migrations/README.md": "up(queryInterface)", "migrations/x.js": "exports.a = 1"}
    assert found(write(tmp_path, files)).history() == (
        Migration(
            "1-add-users.js", "migrations/1-add-users.js", "sequelize", (), "add users", False, True
        ),
        Migration(
            "2-b.js", "migrations/2-b.js", "sequelize", ("1-add-users.js",), "b", False, False
        ),
    )


def test_history_is_where_sequelizerc_says(tmp_path: Path) -> None:
    told = "module.exports = { 'migrations-path': path.resolve('db', 'changes') }"
    files = {"package.json": PACKAGE, ".sequelizerc": told}
    files |= {"db/changes/1.js": USERS, "migrations/0.js": EMPTY}
    assert [item.path for item in found(write(tmp_path, files)).history()] == ["db/changes/1.js"]


def test_detect_leaves_what_is_not_sequelize(tmp_path: Path) -> None:
    assert detect(write(tmp_path / "a", {"package.json": PACKAGE, "src/a.js": USERS})) is None
    assert detect(write(tmp_path / "b", {"package.json": "{}", "migrations/a.js": USERS})) is None


def test_applied_takes_names_with_and_without_a_suffix(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE, "migrations/1.js": USERS, "migrations/2.js": EMPTY}
    project = found(write(tmp_path, files))
    with_suffix: dict[str, tuple[str, ...]] = {'public."SequelizeMeta"': ("1.js",)}
    assert [item.revision for item in project.applied(with_suffix)] == ["1.js"]
    without: dict[str, tuple[str, ...]] = {"public.SequelizeMeta": ("2",), "x": ("1.js",)}
    assert [item.revision for item in project.applied(without)] == ["2.js"]


@pytest.mark.needs_node
def test_upgrade_and_downgrade_mark_each_statement(
    make: Make, cluster: Cluster, database: Database
) -> None:
    project = make({"migrations/1.js": USERS})
    seen = recording(cluster, database)
    with project.runner(seen.target) as runner:
        runner.upgrade(project.history())
        assert tables(database) == ["users"]
        runner.downgrade(project.history()[0])
        assert isinstance(runner, SequelizeRunner)
        assert runner.notes[1:] == ("sequelize 6.37.8", "typescript")
    assert tables(database) == []
    assert set(seen.marks) == {
        Mark("1.js", 4),
        Mark("1.js", 7),
        Mark("1.js", 10, "down"),
    }


@pytest.mark.needs_node
def test_each_statement_is_its_own_transaction(
    make: Make, cluster: Cluster, database: Database
) -> None:
    broken = USERS.replace("users_again' }", "users_again', where: { absent: 1 } }")
    project = make({"migrations/1.js": broken})
    with (
        pytest.raises(MigrationFailed) as failed,
        project.runner(recording(cluster, database).target) as runner,
    ):
        runner.upgrade(project.history())
    assert failed.value.error == EngineError("42703", 'column "absent" does not exist')
    assert tables(database) == ["users"]


@pytest.mark.needs_node
def test_a_transaction_of_the_migration_is_kept(
    make: Make, cluster: Cluster, database: Database
) -> None:
    own = """
    import type { QueryInterface } from 'sequelize'
    export const up = async ({ context: queryInterface }: { context: QueryInterface }) =>
      queryInterface.sequelize.transaction(async (transaction) => {
        await queryInterface.sequelize.query('create table a ()', { transaction })
        await queryInterface.sequelize.query('select 1/0', { transaction })
      })
    """
    project = make({"src/migrations/1.ts": own})
    seen = recording(cluster, database)
    with pytest.raises(MigrationFailed) as failed, project.runner(seen.target) as runner:
        runner.upgrade(project.history())
    assert failed.value.error == EngineError("22012", "division by zero")
    assert tables(database) == []
    assert [item.line for item in seen.marks if item.line][:3] == [4, 5, 6]


@pytest.mark.needs_node
def test_a_migration_without_a_way_back_says_so(
    make: Make, cluster: Cluster, database: Database
) -> None:
    project = make({"migrations/1.js": "exports.up = async (queryInterface) => {}"})
    with (
        pytest.raises(MigrationFailed) as failed,
        project.runner(recording(cluster, database).target) as runner,
    ):
        runner.downgrade(project.history()[0])
    assert str(failed.value) == "1.js: it has no `down`"
    assert not failed.value.unchecked


@pytest.mark.needs_node
def test_without_the_packages_all_is_unchecked(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    require("node")
    project = found(write(tmp_path, {"package.json": PACKAGE, "migrations/1.js": USERS}))
    with (
        pytest.raises(MigrationFailed) as failed,
        project.runner(recording(cluster, database).target) as runner,
    ):
        runner.upgrade(project.history())
    assert failed.value.unchecked
    assert str(failed.value) == (
        "1.js: the packages sequelize and pg are not installed (npm install)"
    )


SEVENTH = {"@sequelize/core": "7.0.0-alpha.48", "@sequelize/postgres": "7.0.0-alpha.48"}
OF_UMZUG = """const { DataTypes } = require('@sequelize/core');
exports.up = async ({ context: queryInterface }) => {
  await queryInterface.createTable('users', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
  });
  await queryInterface.sequelize.transaction(async (transaction) => {
    await queryInterface.sequelize.query('create table a ()', { transaction });
  });
};
exports.down = async ({ context: queryInterface }) => queryInterface.dropTable('users');
"""


def test_sequelize_7_runs_by_its_own_packages(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    package = '{"dependencies": {"@sequelize/core": "7", "@sequelize/postgres": "7"}}'
    write(tmp_path, {"package.json": package, "migrations/1-users.js": OF_UMZUG})
    project = found(tmp_path)
    assert project.notes == (
        "@sequelize/core and @sequelize/postgres not installed for package.json (npm install)",
    )
    (tmp_path / "node_modules").symlink_to(installed(**SEVENTH))
    seen = recording(cluster, database)
    with project.runner(seen.target) as runner:
        runner.upgrade(project.history())
        assert isinstance(runner, SequelizeRunner)
        assert "sequelize 7.0.0-alpha.48" in runner.notes
    assert tables(database) == ["a", "users"]
    assert {line for _, line in seen.lines()} >= {3, 6, 7}
