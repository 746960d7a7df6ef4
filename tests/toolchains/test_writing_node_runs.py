"""Fixes written into JavaScript and TypeScript migrations, run by the real packages."""

import json
from pathlib import Path

import pytest
from node_projects import installed, require, write

from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.trials import brought_to, read
from dbspecialist.tasks.prove import prove
from dbspecialist.tasks.sources import read_source
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.stage import open_stage

pytestmark = pytest.mark.needs_node

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);
"""
TYPEORM = """import { MigrationInterface, QueryRunner } from 'typeorm';

export class Status1700000000001 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`ALTER TABLE orders ADD COLUMN note text`);
        await queryRunner.query(`CREATE INDEX orders_status_idx ON orders (status)`);
        await queryRunner.query(
            `ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users`,
        );
        await queryRunner.query(`ALTER TABLE orders ADD COLUMN more text`);
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`ALTER TABLE orders DROP COLUMN more`);
        await queryRunner.query(`ALTER TABLE orders DROP CONSTRAINT orders_user`);
        await queryRunner.query(`DROP INDEX orders_status_idx`);
        await queryRunner.query(`ALTER TABLE orders DROP COLUMN note`);
    }
}
"""
SEQUELIZE = """'use strict';
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.addColumn('orders', 'note', { type: Sequelize.TEXT });
    await queryInterface.addIndex('orders', ['status'], { name: 'orders_status_idx' });
    await queryInterface.sequelize.query(
      'ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users',
    );
  },
  async down(queryInterface) {
    await queryInterface.removeConstraint('orders', 'orders_user');
    await queryInterface.removeIndex('orders', 'orders_status_idx');
    await queryInterface.removeColumn('orders', 'note');
  },
};
"""
RULES = ("build-index-concurrently", "validate-foreign-keys-separately")
PROJECTS = {
    "typeorm": ("src/status.ts", TYPEORM, {"typeorm": "1.1.1", "reflect-metadata": "0.2.2"}),
    "sequelize": ("migrations/1-status.js", SEQUELIZE, {"sequelize": "6.37.8"}),
}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    file = tmp_path_factory.mktemp("production") / "production.sql"
    file.write_text(SCHEMA)
    found = read_source(file, lambda _: None)
    assert found is not None
    return found


def final_catalogue(root: Path, production: Snapshot) -> Catalogue:
    (project,) = find_projects(root)
    with (
        open_stage(production) as stage,
        brought_to(stage, project, project.history()) as database,
    ):
        return read(stage, database)


@pytest.mark.parametrize("toolchain", PROJECTS)
def test_fix_leaves_the_same_catalogue_without_the_hazards(
    toolchain: str, tmp_path: Path, production: Snapshot
) -> None:
    require("node")
    name, text, packages = PROJECTS[toolchain]
    asked = json.dumps({"dependencies": {toolchain: "*", "pg": "*"}})
    write(tmp_path, {"package.json": asked, name: text})
    needed = {**packages, "pg": "8.16.3", "typescript": "5.9.3"}
    (tmp_path / "node_modules").symlink_to(installed(**needed))
    before = final_catalogue(tmp_path, production)
    report = prove([tmp_path], snapshot=production, select=RULES, fix=True)
    assert report.findings == ()
    assert "CONCURRENTLY" in (tmp_path / name).read_text()
    assert "VALIDATE" in (tmp_path / name).read_text()
    assert differences(before, final_catalogue(tmp_path, production)) == ()
    assert prove([tmp_path], snapshot=production, select=RULES).findings == ()
