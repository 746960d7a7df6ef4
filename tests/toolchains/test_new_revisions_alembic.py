import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic_fixture import ENV, INI
from new_revisions import COLUMN, INDEX, PHASES, run_there_and_back, written
from node_projects import write
from recording import Database

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.revisions import Place, new_revisions
from dbspecialist.twins.cluster import Cluster

NOON = Place(now=datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))
FIRST = '''"""Create t."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE t (a integer)")


def downgrade() -> None:
    op.execute("DROP TABLE t")
'''
TYPED = '''"""create t

Revision ID: 1f0c9a3b7d52
Revises:
Create Date: 2026-01-01 10:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = '1f0c9a3b7d52'
down_revision: Union[str, None] = None
branch_labels: Union[str, Sequence[str], None] = ('main',)
depends_on: Union[str, Sequence[str], None] = None


def upgrade():
    op.create_table('t', sa.Column('a', sa.Integer()))


def downgrade():
    op.drop_table('t')
'''


def project(root: Path, *revisions: str, ini: str = "", configure: str = "") -> Path:
    env = ENV.format(imports="", metadata="None", engine="", configure=configure)
    files = {f"migrations/versions/{n}.py": text for n, text in enumerate(revisions)}
    write(root, {"alembic.ini": INI + ini, "migrations/env.py": env, **files})
    return root


@pytest.mark.parametrize("configure", ["", ", transaction_per_migration=True"])
@pytest.mark.parametrize("first", [FIRST, TYPED])
def test_new_revisions_run_there_and_back(
    first: str, configure: str, tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    root = project(tmp_path, first, configure=configure)
    (found,) = find_projects(root)
    known = [item.revision for item in found.history()]
    written(root, new_revisions(found, "Add b", PHASES, NOON))
    new = run_there_and_back(root, known, cluster, database)
    assert [item.title for item in new] == ["add the column", "index it", "fill it"]


def test_numbers_are_counted_on_and_the_form_is_that_of_the_head(tmp_path: Path) -> None:
    root = project(tmp_path, FIRST)
    assert written(root, new_revisions(find_projects(root)[0], "Add b", [COLUMN], NOON)) == {
        "migrations/versions/0002_add_b.py": '''"""Add b"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE public.t ADD COLUMN b integer")
    op.execute("COMMENT ON COLUMN public.t.b IS 'a: %b'")


def downgrade() -> None:
    op.execute("ALTER TABLE public.t DROP COLUMN b")
'''
    }


def test_header_is_that_of_the_head(tmp_path: Path) -> None:
    root = project(tmp_path, TYPED)
    (edit,) = new_revisions(find_projects(root)[0], "Index b", [INDEX], NOON)
    revision = edit.path.removeprefix("migrations/versions/").partition("_")[0]
    assert len(revision) == 12
    assert (
        edit.text
        == f'''"""Index b

Revision ID: {revision}
Revises: 1f0c9a3b7d52
Create Date: 2026-03-01 12:00:00.000000

"""

from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = '{revision}'
down_revision: Union[str, None] = '1f0c9a3b7d52'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(op.f("t_b"), "t", ["b"], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index(op.f("t_b"), postgresql_concurrently=True)
'''
    )


def test_sqlalchemy_is_imported_where_an_operation_needs_it(tmp_path: Path) -> None:
    root = project(tmp_path, TYPED)
    (edit,) = new_revisions(find_projects(root)[0], "Add b", [COLUMN], NOON)
    assert "\nfrom alembic import op\nimport sqlalchemy as sa\n\n# revision" in edit.text
    assert '    op.add_column("t", sa.Column("b", sa.Integer()))\n' in edit.text
    assert """    op.execute("COMMENT ON COLUMN public.t.b IS 'a: %b'")\n""" in edit.text


def test_file_is_named_by_the_template_of_the_configuration(tmp_path: Path) -> None:
    template = "file_template = %%(year)d_%%(month).2d_%%(day).2d-%%(rev)s_%%(slug)s\n"
    root = project(tmp_path, FIRST, ini=f"{template}truncate_slug_length = 8\n")
    (edit,) = new_revisions(find_projects(root)[0], "Add column b", [COLUMN], NOON)
    assert edit.path == "migrations/versions/2026_03_01-0002_add.py"


def test_template_that_cannot_be_filled_in_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, FIRST, ini="file_template = %%(nothing)s\n")
    with pytest.raises(InputError, match=r"^alembic.ini: file_template cannot be filled in"):
        new_revisions(find_projects(root)[0], "Add b", [COLUMN], NOON)


def test_several_heads_are_asked_about(tmp_path: Path) -> None:
    other = TYPED.replace("down_revision: Union[str, None] = None", "down_revision = '0001'")
    third = other.replace("1f0c9a3b7d52", "2f0c9a3b7d52").replace("('main',)", "None")
    root = project(tmp_path, FIRST, other, third)
    (found,) = find_projects(root)
    with pytest.raises(InputError) as caught:
        new_revisions(found, "Add b", [COLUMN], NOON)
    assert str(caught.value) == (
        "alembic.ini: there are 2 heads: 1f0c9a3b7d52, 2f0c9a3b7d52; "
        "give one with --head, or merge them"
    )
    for head, follows in (("main", "1f0c9a3b7d52"), ("2f0c9a3b7d52", "2f0c9a3b7d52")):
        (edit,) = new_revisions(found, "Add b", [COLUMN], Place(head, NOON.now))
        assert f"= '{follows}'\n" in edit.text
    with pytest.raises(InputError, match="0001 is no head"):
        new_revisions(found, "Add b", [COLUMN], Place("0001", NOON.now))


@pytest.mark.parametrize("title", ['Say """hi\\', 'Say "hi"', 'Two\nlines"'])
@pytest.mark.parametrize("head", [FIRST, TYPED])
def test_title_is_a_docstring_whatever_it_holds(tmp_path: Path, title: str, head: str) -> None:
    root = project(tmp_path, head)
    (edit,) = new_revisions(find_projects(root)[0], title, [COLUMN], NOON)
    found = ast.get_docstring(ast.parse(edit.text))
    assert found is not None
    assert found.partition("\n\n")[0] == title


def test_first_revision_follows_none(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "migrations/versions").mkdir()
    (edit,) = new_revisions(find_projects(root)[0], 'Say """hi\\', [COLUMN], NOON)
    compile(edit.text, edit.path, "exec")
    assert "\ndown_revision = None\n" in edit.text
