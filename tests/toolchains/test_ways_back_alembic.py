from pathlib import Path

import pytest
from test_new_revisions_alembic import FIRST, project

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.ways_back import with_way_back

BACK = ("DROP TABLE public.t",)
OLD = '    op.execute("DROP TABLE t")\n'
NEW = '    op.execute("DROP TABLE public.t")\n'


def text(root: Path, revision: str) -> str:
    project(root, revision)
    (found,) = find_projects(root)
    (edit,) = with_way_back(found, found.history()[0], BACK)
    return edit.text


@pytest.mark.parametrize(
    "around",
    [
        ("", ""),
        ('SEPARATOR = "\u2028\x0c"\n', ""),
        ("", "\n\ndef helper() -> None:\n    pass\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_nothing_but_the_body_changes(
    tmp_path: Path, around: tuple[str, str], newline: str
) -> None:
    before = FIRST.replace('revision = "0001"', f'{around[0]}revision = "0001"') + around[1]
    root = project(tmp_path, "")
    (root / "migrations/versions/0.py").write_bytes(before.replace("\n", newline).encode())
    (found,) = find_projects(root)
    (edit,) = with_way_back(found, found.history()[0], BACK)
    assert edit.text == before.replace(OLD, NEW).replace("\n", newline)


def test_function_on_one_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the downgrade stands on one line"):
        text(tmp_path, FIRST.replace(f"def downgrade() -> None:\n{OLD}", "def downgrade(): pass\n"))


def test_revision_without_operations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it does not import alembic's op"):
        text(tmp_path, FIRST.replace("from alembic import op", "from alembic import op as o"))


def test_file_without_a_downgrade_gets_one(tmp_path: Path) -> None:
    head = FIRST.partition("\n\n\ndef downgrade")[0]
    assert text(tmp_path, head) == f"{head}\n\n\ndef downgrade() -> None:\n{NEW}"
