from pathlib import Path

import pytest
from node_projects import installed
from test_new_revisions_node import CASES, CLASS_TS, EXPORTS_TS, MODULE, SEQUELIZE, TYPEORM, package

from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.migrate_down import way_back
from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.ways_back import with_way_back

BACK = ("DROP TABLE public.t", "DROP TYPE public.e")


def text(root: Path) -> str:
    (project,) = find_projects(root)
    (edit,) = with_way_back(project, project.history()[-1], BACK)
    return edit.text


def test_method_of_a_class_gets_another_body(tmp_path: Path) -> None:
    given = CLASS_TS.replace("down(queryRunner: QueryRunner)", "down(runner: QueryRunner)")
    package(tmp_path, TYPEORM, {"db/1700000000001-T.ts": given})
    assert text(tmp_path) == given.replace(
        "        await queryRunner.query(`DROP TABLE t`);\n",
        "        await runner.query(`DROP TABLE public.t`);\n"
        "        await runner.query(`DROP TYPE public.e`);\n",
    )


def test_function_of_sequelize_gets_another_body(tmp_path: Path) -> None:
    package(tmp_path, SEQUELIZE, {"migrations/1-t.js": MODULE})
    assert text(tmp_path) == MODULE.replace(
        "    await queryInterface.dropTable('t');\n",
        "    await queryInterface.sequelize.transaction(async (transaction) => {\n"
        "      await queryInterface.sequelize.query(`DROP TABLE public.t`, { transaction });\n"
        "      await queryInterface.sequelize.query(`DROP TYPE public.e`, { transaction });\n"
        "    });\n",
    )


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (EXPORTS_TS.replace("down(queryInterface: QueryInterface)", "down()"), "no parameter"),
        (EXPORTS_TS.partition("export async function down")[0], "it has 0 functions down"),
        (EXPORTS_TS + "(", "cannot be parsed"),
    ],
)
def test_function_without_a_place_is_refused(tmp_path: Path, file: str, said: str) -> None:
    package(tmp_path, SEQUELIZE, {"migrations/1-t.ts": file})
    with pytest.raises(InputError, match=said):
        text(tmp_path)


@pytest.mark.needs_node
@pytest.mark.parametrize("case", ["typeorm ts", "sequelize js"])
def test_way_back_that_is_written_is_run_by_the_package(case: str, tmp_path: Path) -> None:
    packages, file, given, _ = CASES[case]
    for call in (
        "await queryRunner.query(`DROP TABLE t`);",
        "await queryInterface.dropTable('t');",
    ):
        given = given.replace(call, "throw new Error('no way back');")
    package(tmp_path, packages, {file: given})
    (tmp_path / "node_modules").symlink_to(installed(**packages))
    revision = find_projects(tmp_path)[0].history()[0].revision
    found = way_back(revision, Wanted(tmp_path, write=True))
    assert (found.found.kind, found.written and found.written.kind) == ("irreversible", "works")
    assert way_back(revision, Wanted(tmp_path)).found.kind == "works"
