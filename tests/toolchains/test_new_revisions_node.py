"""New TypeORM and Sequelize migrations, run by the real packages."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from new_revisions import COLUMN, INDEX, PHASES, run_there_and_back, written
from node_projects import installed, write
from recording import Database

from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.tasks.migrate_revisions import diff_revisions
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.revisions import Place, new_revisions
from dbspecialist.twins.cluster import Cluster

NOON = Place(now=datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))
TYPEORM = {"typeorm": "1.1.1", "reflect-metadata": "0.2.2", "pg": "8.16.3"}
SEQUELIZE = {"sequelize": "6.37.8", "pg": "8.16.3"}

CLASS_TS = """import { MigrationInterface, QueryRunner, Table } from "typeorm";

export class T1700000000001 implements MigrationInterface {
    name = 'T1700000000001'

    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`CREATE TABLE t (a integer)`);
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`DROP TABLE t`);
    }
}
"""
CLASS_JS = """module.exports = class T1700000000001 {
  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE t (a integer)')
  }
  async down(queryRunner) {
    await queryRunner.query('DROP TABLE t')
  }
}
"""
MODULE = """'use strict';

module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('t', { a: Sequelize.INTEGER });
  },
  async down(queryInterface, Sequelize) {
    await queryInterface.dropTable('t');
  },
};
"""
EXPORTS_TS = """import { QueryInterface, DataTypes } from 'sequelize';

export async function up(queryInterface: QueryInterface) {
    await queryInterface.createTable('t', { a: DataTypes.INTEGER })
}

export async function down(queryInterface: QueryInterface) {
    await queryInterface.dropTable('t')
}
"""


def package(root: Path, packages: dict[str, str], files: dict[str, str]) -> Path:
    named = {"package.json": json.dumps({"dependencies": packages})}
    return write(root, {**named, **files})


def texts(root: Path, *phases: Phase) -> dict[str, str]:
    (project,) = find_projects(root)
    return written(root, new_revisions(project, "Add the b", phases, NOON))


CASES = {
    "typeorm ts": (TYPEORM, "src/migrations/1700000000001-T.ts", CLASS_TS, ""),
    "typeorm js": (TYPEORM, "migrations/1700000000001-t.js", CLASS_JS, ""),
    "typeorm each": (
        TYPEORM,
        "migrations/1700000000001-t.js",
        CLASS_JS,
        "module.exports = new (require('typeorm').DataSource)({ type: 'postgres',"
        " migrationsTransactionMode: 'each', migrations: ['migrations/*.js'] })",
    ),
    "sequelize js": (SEQUELIZE, "migrations/20260101000000-t.js", MODULE, ""),
    "sequelize ts": (SEQUELIZE, "migrations/001_t.ts", EXPORTS_TS, ""),
}


@pytest.mark.needs_node
@pytest.mark.parametrize("case", CASES)
def test_new_migrations_run_there_and_back(
    case: str, tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    packages, file, text, source = CASES[case]
    package(tmp_path, packages, {file: text, **({"data-source.js": source} if source else {})})
    (tmp_path / "node_modules").symlink_to(installed(**packages))
    (project,) = find_projects(tmp_path)
    known = [item.revision for item in project.history()]
    written(tmp_path, new_revisions(project, "Add b", PHASES, NOON))
    assert len(run_there_and_back(tmp_path, known, cluster, database)) == 3


def test_class_is_written_as_the_newest(tmp_path: Path) -> None:
    package(tmp_path, TYPEORM, {"src/migrations/1700000000001-FirstTable.ts": CLASS_TS})
    assert texts(tmp_path, INDEX) == {
        "src/migrations/1772366400000-AddTheB.ts": (
            'import { MigrationInterface, QueryRunner } from "typeorm";\n'
            "\n"
            "// Add the b\n"
            "export class AddTheB1772366400000 implements MigrationInterface {\n"
            "    name = 'AddTheB1772366400000'\n"
            "\n"
            "    public async up(queryRunner: QueryRunner): Promise<void> {\n"
            "        await queryRunner.commitTransaction();\n"
            "        await queryRunner.query(`CREATE INDEX CONCURRENTLY t_b ON public.t (b)`);\n"
            "        await queryRunner.startTransaction();\n"
            "    }\n"
            "\n"
            "    public async down(queryRunner: QueryRunner): Promise<void> {\n"
            "        await queryRunner.commitTransaction();\n"
            "        await queryRunner.query(`DROP INDEX CONCURRENTLY public.t_b`);\n"
            "        await queryRunner.startTransaction();\n"
            "    }\n"
            "}\n"
        )
    }


def test_class_has_no_transaction_where_each_has_its_own(tmp_path: Path) -> None:
    stated = {"package.json": json.dumps({"dependencies": TYPEORM})}
    other = CLASS_JS.replace("{\n  async up", "{\n  transaction = false\n  async up", 1)
    write(tmp_path, {**stated, "migrations/1700000000001-t.js": other})
    (text,) = texts(tmp_path, INDEX).values()
    assert text == (
        "// Add the b\n"
        "module.exports = class AddTheB1772366400000 {\n"
        "  transaction = false\n"
        "\n"
        "  async up(queryRunner) {\n"
        "    await queryRunner.query(`CREATE INDEX CONCURRENTLY t_b ON public.t (b)`)\n"
        "  }\n"
        "\n"
        "  async down(queryRunner) {\n"
        "    await queryRunner.query(`DROP INDEX CONCURRENTLY public.t_b`)\n"
        "  }\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import { T1700000000001 } from './1700000000001-T'\n\n"
            "export const migrations = [\n    T1700000000001\n]\n",
            "import { T1700000000001 } from './1700000000001-T'\n"
            "import { AddTheB1772366400000 } from './1772366400000-AddTheB'\n\n"
            "export const migrations = [\n    T1700000000001,\n    AddTheB1772366400000\n]\n",
        ),
        (
            "import { T1700000000001 } from './1700000000001-T';\n"
            "new DataSource({ migrations: [T1700000000001] });\n",
            "import { T1700000000001 } from './1700000000001-T';\n"
            "import { AddTheB1772366400000 } from './1772366400000-AddTheB';\n"
            "new DataSource({ migrations: [T1700000000001, AddTheB1772366400000] });\n",
        ),
    ],
)
def test_list_of_classes_gets_the_new_one(tmp_path: Path, before: str, after: str) -> None:
    files = {"db/1700000000001-T.ts": CLASS_TS, "db/index.ts": before}
    package(tmp_path, TYPEORM, files)
    assert texts(tmp_path, COLUMN)["db/index.ts"] == after


def test_sequelize_file_is_written_as_the_newest(tmp_path: Path) -> None:
    package(tmp_path, SEQUELIZE, {"migrations/20260101000000-first-table.js": MODULE})
    assert texts(tmp_path, COLUMN) == {
        "migrations/20260301120000-add-the-b.js": (
            "'use strict';\n"
            "\n"
            "// Add the b\n"
            "module.exports = {\n"
            "  async up(queryInterface) {\n"
            "    await queryInterface.sequelize.transaction(async (transaction) => {\n"
            "      await queryInterface.sequelize.query("
            "`ALTER TABLE public.t ADD COLUMN b integer`, { transaction });\n"
            "      await queryInterface.sequelize.query("
            "`COMMENT ON COLUMN public.t.b IS 'a: %b'`, { transaction });\n"
            "    });\n"
            "  },\n"
            "  async down(queryInterface) {\n"
            "    await queryInterface.sequelize.query(`ALTER TABLE public.t DROP COLUMN b`);\n"
            "  },\n"
            "};\n"
        )
    }


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        (
            EXPORTS_TS,
            [
                "import { QueryInterface } from 'sequelize';",
                "export async function up(queryInterface: QueryInterface) {",
                "    await queryInterface.sequelize.query(`ALTER TABLE public.t DROP COLUMN b`)",
            ],
        ),
        (
            "import type { Migration } from '../umzug';\n"
            "export const up: Migration = async ({ context: sequelize }) => {\n"
            "  await sequelize.getQueryInterface().dropTable('x');\n};\n"
            "export const down: Migration = async () => {};\n",
            [
                "import type { Migration } from '../umzug';",
                "export const up: Migration = async ({ context: sequelize }) => {",
                "  await sequelize.query(`ALTER TABLE public.t DROP COLUMN b`);",
            ],
        ),
        (
            "exports.up = async ({ context }) => {\n  await context.dropTable('x')\n}\n"
            "exports.down = async ({ context }) => {}\n",
            [
                "exports.up = async ({ context }) => {",
                "  await context.sequelize.query(`ALTER TABLE public.t DROP COLUMN b`)",
            ],
        ),
        (
            "export default {\n  up: async (queryInterface) => { await queryInterface.x() },\n}\n",
            ["export default {", "  async up(queryInterface) {"],
        ),
    ],
)
def test_sequelize_file_has_the_form_of_the_newest(
    tmp_path: Path, model: str, lines: list[str]
) -> None:
    package(tmp_path, SEQUELIZE, {"migrations/1-x.ts": model})
    (text,) = texts(tmp_path, Phase("x", ("ALTER TABLE public.t DROP COLUMN b",))).values()
    assert [line for line in lines if line not in text.splitlines()] == []


def test_title_of_several_lines_that_begins_with_a_digit_stays_a_comment(tmp_path: Path) -> None:
    package(tmp_path, TYPEORM, {"db/1700000000001-T.ts": CLASS_TS})
    (project,) = find_projects(tmp_path)
    phase = Phase("x", ("SELECT 1",), when="no row\nis NULL")
    (edit,) = new_revisions(project, "2FA\n} evil {", [phase], NOON)
    assert edit.text.splitlines()[2:7] == [
        "// 2FA",
        "// } evil {",
        "// Runs when: no row",
        "// is NULL",
        "export class Migration2faEvil1772366400000 implements MigrationInterface {",
    ]


def test_sequelize_name_without_a_number_is_refused(tmp_path: Path) -> None:
    package(tmp_path, SEQUELIZE, {"migrations/first.js": MODULE})
    with pytest.raises(InputError, match="first has no number to count on from"):
        texts(tmp_path, COLUMN)


@pytest.mark.needs_node
@pytest.mark.parametrize("case", ["typeorm ts", "sequelize js"])
def test_difference_is_written_as_a_migration_that_the_package_runs(
    case: str, tmp_path: Path
) -> None:
    packages, file, text, _ = CASES[case]
    root = package(tmp_path / "app", packages, {file: text})
    (root / "node_modules").symlink_to(installed(**packages))
    columns = "a integer, b text" if "typeorm" in case else "id serial primary key, a integer"
    write(tmp_path, {"after.sql": f"CREATE TABLE t ({columns}); CREATE INDEX i ON t (a);"})
    found = diff_revisions(root, tmp_path / "after.sql", Wanted(root, title="Index a"))
    assert [(item.claim, item.verdict) for item in found.proofs] == [
        ("the project's history ends in the schema to start from", "proven"),
        ("the script ends in the same catalogue", "proven"),
        ("pg_dump --schema-only writes the same text", "proven"),
        ("the revision ends in the same catalogue", "proven"),
        ("its way back ends in the catalogue before it", "proven"),
    ]
