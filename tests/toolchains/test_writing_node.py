from pathlib import Path

import pytest
from writing_trials import ADD, BUILD, VALIDATE, texts, write

from dbspecialist.facts.change import Phase
from dbspecialist.toolchains.sequelize import detect as detect_sequelize
from dbspecialist.toolchains.typeorm import detect as detect_typeorm

INDEX = "CREATE INDEX i ON t (a)"
SWAP = Phase("set it", ("ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t DROP CONSTRAINT c"))
TYPEORM = """import { MigrationInterface, QueryRunner, TableIndex } from 'typeorm';

export class M1700000000001 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
%s
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`DROP INDEX i`);
    }
}
"""
SEQUELIZE = """'use strict';
module.exports = {
  async up(queryInterface, Sequelize) {
%s
  },
  down: async (queryInterface) => queryInterface.removeIndex('t', 'i'),
};
"""
#: The line of the first statement of `up` in TYPEORM, and in SEQUELIZE.
FIRST, SECOND = 5, 4


def typeorm(root: Path, up: str, line: int, *phases: Phase) -> str | None:
    """The body of `up` as it is rewritten; nothing where it is not."""
    write(root, **{"package.json": '{"dependencies": {"typeorm": "1.1.1"}}', "a.ts": TYPEORM % up})
    found = texts(detect_typeorm(root), "M1700000000001", [(line, INDEX)], {0: list(phases)})
    return _body(found.get("a.ts"), TYPEORM)


def sequelize(
    root: Path, up: str, line: int, *phases: Phase, transaction: bool = False
) -> str | None:
    package = '{"dependencies": {"sequelize": "6.37.8"}}'
    write(root, **{"package.json": package, "migrations/1.js": SEQUELIZE % up})
    found = texts(
        detect_sequelize(root), "1.js", [(line, INDEX)], {0: list(phases)}, transaction=transaction
    )
    return _body(found.get("migrations/1.js"), SEQUELIZE)


def _body(text: str | None, frame: str) -> str | None:
    if text is None:
        return None
    head, tail = frame.split("%s\n")
    assert text.startswith(head)
    assert text.endswith(tail)
    return text[len(head) : -len(tail)]


def test_typeorm_commits_before_the_phases_and_begins_again(tmp_path: Path) -> None:
    up = (
        "        await queryRunner.query(`SELECT 1`);\n"
        f"        await queryRunner.query(`{INDEX}`); // i"
    )
    assert typeorm(tmp_path, up, FIRST + 1, BUILD, SWAP) == (
        "        await queryRunner.query(`SELECT 1`);\n"
        "        await queryRunner.commitTransaction();\n"
        "        // build the index while writes go on\n"
        "        await queryRunner.query(`CREATE INDEX CONCURRENTLY i ON t (a)`);\n"
        "        // set it\n"
        "        await queryRunner.startTransaction();\n"
        "        await queryRunner.query(`ALTER TABLE t ALTER a SET NOT NULL`);\n"
        "        await queryRunner.query(`ALTER TABLE t DROP CONSTRAINT c`);\n"
        "        await queryRunner.commitTransaction();\n"
        "        await queryRunner.startTransaction(); // i\n"
    )


def test_typeorm_call_over_several_lines_is_replaced_whole(tmp_path: Path) -> None:
    up = (
        '        await queryRunner.createIndex(\n            "t",\n'
        '            new TableIndex({ name: "i", columnNames: ["a"] }),\n        )'
    )
    phase = Phase("say `a` and ${b}", ("SELECT '`', '${b}', '\\'",), transactional=False)
    assert typeorm(tmp_path, up, FIRST + 2, phase) == (
        "        await queryRunner.commitTransaction()\n"
        "        // say `a` and ${b}\n"
        "        await queryRunner.query(`SELECT '\\`', '\\${b}', '\\\\'`)\n"
        "        await queryRunner.startTransaction()\n"
    )


@pytest.mark.parametrize(
    ("up", "line"),
    [
        (
            f"        for (const a of b) {{\n    await queryRunner.query(`{INDEX}`);\n        }}",
            6,
        ),
        (
            "        const n = 'i';\n        await queryRunner.query(`CREATE ${n} ON t (a)`);",
            6,
        ),
        (f"        await queryRunner.query(`{INDEX}`); await queryRunner.query('SELECT 1');", 5),
        (f"        await queryRunner.query({INDEX.split()[2]});", 5),
        (f"        return queryRunner.query(`{INDEX}`);", 5),
        (f"        await queryRunner.connection.query(`{INDEX}`);", 5),
        ("        await helper(queryRunner);", 5),
    ],
)
def test_typeorm_place_that_is_not_sure_is_left_alone(tmp_path: Path, up: str, line: int) -> None:
    assert typeorm(tmp_path, up, line, BUILD) is None
    assert "queryRunner" in (tmp_path / "a.ts").read_text().splitlines()[line - 1]


def test_sequelize_sends_phases_as_queries(tmp_path: Path) -> None:
    up = "    await queryInterface.addIndex('t', ['a'], { name: 'i', type: Sequelize.UNIQUE });"
    assert sequelize(tmp_path, up, SECOND, ADD, VALIDATE, SWAP) == (
        "    // add the check\n"
        "    await queryInterface.sequelize.query("
        "`ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID`);\n"
        "    // check the rows\n"
        "    await queryInterface.sequelize.query(`ALTER TABLE t VALIDATE CONSTRAINT c`);\n"
        "    // set it\n"
        "    await queryInterface.sequelize.transaction(async (transaction) => {\n"
        "      await queryInterface.sequelize.query("
        "`ALTER TABLE t ALTER a SET NOT NULL`, { transaction });\n"
        "      await queryInterface.sequelize.query("
        "`ALTER TABLE t DROP CONSTRAINT c`, { transaction });\n"
        "    });\n"
    )


def test_sequelize_statement_in_a_transaction_is_left_alone(tmp_path: Path) -> None:
    up = "    await queryInterface.addIndex('t', ['a']);"
    assert sequelize(tmp_path, up, SECOND, BUILD, transaction=True) is None
    assert sequelize(tmp_path, up, SECOND, BUILD) is not None
