from pathlib import Path

import pytest
from node_projects import installed
from test_new_revisions_node import CASES, CLASS_TS, MODULE, SEQUELIZE, TYPEORM, package

from dbspecialist.tasks.migrate_project import Wanted
from dbspecialist.tasks.migrate_squash import squash
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.revisions import NewRevision
from dbspecialist.toolchains.squashing import Squashed, squashed

ITEM = NewRevision("All of it", ("CREATE TABLE t (a integer)", "CREATE TABLE u ()"))
SECOND_TS = CLASS_TS.replace("1700000000001", "1700000000002").replace(" t ", " u ")
SECOND_JS = MODULE.replace("'t'", "'u'")


def of_range(root: Path) -> Squashed:
    (project,) = find_projects(root)
    return squashed(project, project.history()[:2], ITEM)


def test_class_keeps_the_name_of_the_last_and_the_lists_lose_the_others(tmp_path: Path) -> None:
    listed = (
        "import { T1700000000001 } from './1700000000001-T'\n"
        "import { T1700000000002 } from './1700000000002-T'\n"
        "export const lines = [\n  T1700000000001,\n  T1700000000002,\n]\n"
        "export const all = [T1700000000001, T1700000000002]\n"
    )
    files = {"db/1700000000001-T.ts": CLASS_TS, "db/1700000000002-T.ts": SECOND_TS}
    package(tmp_path, TYPEORM, {**files, "db/index.ts": listed})
    found = of_range(tmp_path)
    texts = {edit.path: edit.text for edit in found.edits}
    assert "export class T1700000000002 implements MigrationInterface {" in (
        texts["db/1700000000002-T.ts"].splitlines()
    )
    assert texts["db/index.ts"] == (
        "import { T1700000000002 } from './1700000000002-T'\n"
        "export const lines = [\n  T1700000000002,\n]\n"
        "export const all = [T1700000000002]\n"
    )
    assert found.removed == ("db/1700000000001-T.ts",)


def test_import_of_several_classes_keeps_the_others(tmp_path: Path) -> None:
    listed = "import { T1700000000001, T1700000000002 } from './all'\n"
    files = {"db/1700000000001-T.ts": CLASS_TS, "db/1700000000002-T.ts": SECOND_TS}
    package(tmp_path, TYPEORM, {**files, "db/index.ts": listed})
    texts = {edit.path: edit.text for edit in of_range(tmp_path).edits}
    assert texts["db/index.ts"] == "import { T1700000000002 } from './all'\n"


def test_sequelize_file_keeps_the_name_of_the_last(tmp_path: Path) -> None:
    package(tmp_path, SEQUELIZE, {"migrations/1-t.js": MODULE, "migrations/2-u.js": SECOND_JS})
    found = of_range(tmp_path)
    assert [edit.path for edit in found.edits] == ["migrations/2-u.js"]
    assert "// All of it\nmodule.exports = {\n" in found.edits[0].text
    assert found.removed == ("migrations/1-t.js",)


@pytest.mark.needs_node
@pytest.mark.parametrize("case", ["typeorm js", "sequelize js"])
def test_squashed_history_is_run_by_the_package(case: str, tmp_path: Path) -> None:
    packages, first, text, _ = CASES[case]
    other = first.replace("1700000000001", "1700000000002").replace("20260101", "20260102")
    again = text.replace("1700000000001", "1700000000002").replace("TABLE t", "TABLE u")
    package(tmp_path, packages, {first: text, other: again.replace("'t'", "'u'")})
    (tmp_path / "node_modules").symlink_to(installed(**packages))
    last = find_projects(tmp_path)[0].history()[-1].revision
    found = squash("", last, Wanted(tmp_path))
    assert [item.verdict for item in found.proofs] == ["proven"] * 3
