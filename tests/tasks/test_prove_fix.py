import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dbspecialist.facts.catalogue import Catalogue, differences
from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.report import Report
from dbspecialist.proofs.trials import brought_to, read
from dbspecialist.tasks.files import write_edits
from dbspecialist.tasks.prove import prove
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.stage import open_stage

SHOP = Path(__file__).parents[2] / "examples" / "shop"
VERSIONS = "migrations/versions/"


def final_catalogue(root: Path) -> Catalogue:
    (project,) = find_projects(root)
    with open_stage(None) as stage, brought_to(stage, project, project.history()) as database:
        return read(stage, database)


def found(report: Report) -> set[tuple[str, str]]:
    return {(item.rule, Path(item.location.path).name[:4]) for item in report.findings}


def test_fix_in_the_example_leaves_fewer_errors_and_the_same_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop)
    monkeypatch.chdir(tmp_path)
    snapshot = shop / "prod.snapshot"
    before = prove([shop], snapshot=snapshot)
    assert differences(final_catalogue(SHOP), final_catalogue(shop)) == ()

    written = prove([shop], snapshot=snapshot, fix=True)
    told = [item.claim for item in written.proofs if "was written" in item.claim]
    files = [
        "0011_index_order_items_product.py",
        "0012_add_email_verification.py",
        "0015_require_references.py",
    ]
    assert told == [f"shop/{VERSIONS}{name} was written" for name in files]
    for name in files:
        assert (shop / VERSIONS / name).read_text() != (SHOP / VERSIONS / name).read_text()
    fixed = {
        ("build-index-concurrently", "0011"),
        ("validate-foreign-keys-separately", "0011"),
        ("set-not-null-behind-a-check", "0012"),
    }
    assert found(before) & fixed == fixed
    assert not found(written) & fixed
    assert written.summary["error"] <= before.summary["error"] - 3
    text = (shop / VERSIONS / files[2]).read_text()
    assert "UNIQUE USING INDEX" in text
    assert "nullable=False" in text  # its column holds NULLs; what to fill it with is not known

    after = prove([shop], snapshot=snapshot)
    assert after.findings == written.findings
    assert differences(final_catalogue(SHOP), final_catalogue(shop)) == ()


def test_fix_is_shown_as_an_edit_that_was_run(tmp_path: Path) -> None:
    (tmp_path / "production.sql").write_text("CREATE TABLE t (a int);\n")
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop)
    report = prove(
        [shop], snapshot=shop / "prod.snapshot", to="0011", select=["build-index-concurrently"]
    )
    (finding,) = report.findings
    assert finding.fix is not None
    assert finding.fix.safe
    (edit,) = finding.fix.phases[-1].edits
    assert edit.path.endswith("0011_index_order_items_product.py")
    assert "postgresql_concurrently=True" in edit.text
    assert [(item.claim, item.verdict, item.basis) for item in finding.fix.proofs][-1] == (
        "the edited file ends in the same catalogue",
        "proven",
        "run by alembic on the twin, there and back",
    )
    file = shop / VERSIONS / "0011_index_order_items_product.py"
    assert edit.before == file.read_text()
    assert file.read_text() == (SHOP / VERSIONS / file.name).read_text()


REVISION = """
from alembic import op

revision = "1"
down_revision = None


def upgrade():
    for name in ("a", "b"):
        op.create_index(f"orders_{name}", "orders", [name])
    op.create_index("orders_c", "orders", ["c"])


def downgrade():
    for name in ("a", "b", "c"):
        op.drop_index(f"orders_{name}")
"""
ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_first_revision_is_fixed_where_the_place_is_sure(tmp_path: Path) -> None:
    """The snapshot has no version table, and a loop's call has no line of its own."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    (versions / "1.py").write_text(REVISION)
    schema = tmp_path / "production.sql"
    schema.write_text("CREATE TABLE orders (a int, b int, c int);\n")
    report = prove([tmp_path], snapshot=schema, select=["build-index-concurrently"], fix=True)
    assert [item.location.line for item in report.findings] == [10, 10]
    assert (versions / "1.py").read_text() == REVISION.replace(
        '    op.create_index("orders_c", "orders", ["c"])\n',
        "    with op.get_context().autocommit_block():\n"
        "        # build the index while writes go on\n"
        '        op.create_index("orders_c", "orders", ["c"], postgresql_concurrently=True)\n',
    )


def edits(**texts: str) -> list[FileEdit]:
    return [FileEdit(f"{name}.sql", text) for name, text in texts.items()]


def test_files_are_written_with_their_rights(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("old")
    (tmp_path / "a.sql").chmod(0o640)
    write_edits(tmp_path, edits(a="new", b="made"), {"a.sql": b"old", "b.sql": None})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sql", "b.sql"]
    assert (tmp_path / "a.sql").read_text() == "new"
    assert (tmp_path / "a.sql").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b.sql").read_text() == "made"


def _changed(root: Path) -> list[FileEdit]:
    (root / "b.sql").write_text("changed meanwhile")
    return edits(a="new", b="new")


def _made(root: Path) -> list[FileEdit]:
    (root / "c.sql").write_text("made meanwhile")
    return edits(a="new", c="new")


def _outside(_root: Path) -> list[FileEdit]:
    return [*edits(a="new"), FileEdit("../outside.sql", "new")]


def _linked(root: Path) -> list[FileEdit]:
    (root.parent / "other").mkdir()
    (root / "link").symlink_to(root.parent / "other")
    return [*edits(a="new"), FileEdit("link/x.sql", "new")]


def _no_folder(root: Path) -> list[FileEdit]:
    return [*edits(a="new"), FileEdit("b.sql/x.sql", "new")]


@pytest.mark.parametrize("meanwhile", [_changed, _made, _outside, _linked, _no_folder])
def test_no_file_is_written_where_one_cannot_be(
    tmp_path: Path, meanwhile: Callable[[Path], list[FileEdit]]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.sql").write_text("old")
    (root / "b.sql").write_text("old")
    asked = meanwhile(root)
    before = sorted(root.rglob("*"))
    with pytest.raises(InputError):
        write_edits(root, asked, {"a.sql": b"old", "b.sql": b"old"})
    assert (root / "a.sql").read_text() == "old"
    assert sorted(root.rglob("*")) == before
    assert not (tmp_path / "outside.sql").exists()
