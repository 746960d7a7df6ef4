from pathlib import Path

from alembic_fixture import revision, write_project
from writing_trials import write

from dbspecialist.facts.change import FileEdit
from dbspecialist.toolchains.alembic import detect as detect_alembic
from dbspecialist.toolchains.copies import copied
from dbspecialist.toolchains.flyway import detect_all as detect_flyway


def test_copy_has_the_edits_and_the_original_has_not(tmp_path: Path) -> None:
    write(tmp_path, **{"sql/V1__a.sql": "SELECT 1;\n", "sql/more/V2__b.sql": "SELECT 2;\n"})
    (project,) = detect_flyway(tmp_path)
    edits = [FileEdit("sql/V1__a.sql", "SELECT 10;\n"), FileEdit("sql/V1.1__c.sql", "SELECT 3;\n")]
    with copied(project, edits) as copy:
        assert [item.revision for item in copy.history()] == ["V1", "V1.1", "V2"]
        assert copy.root != tmp_path
        assert (copy.root / "sql" / "V1__a.sql").read_text() == "SELECT 10;\n"
        place = copy.root
    assert not place.exists()
    assert [item.revision for item in project.history()] == ["V1", "V2"]
    assert (tmp_path / "sql" / "V1__a.sql").read_text() == "SELECT 1;\n"


def test_copy_is_below_a_copy_of_the_repository_with_its_environment(tmp_path: Path) -> None:
    write(tmp_path, **{".venv/pyvenv.cfg": "", "backend/node_modules/a/a.js": "", ".git/HEAD": ""})
    root = write_project(tmp_path / "backend", {"r1": revision("r1", None)})
    project = detect_alembic(root)
    assert project is not None
    path = "migrations/versions/r1_.py"
    with copied(project, [FileEdit(path, revision("r1", None, "x = 1"))]) as copy:
        assert copy.root.name == "backend"
        assert (copy.root.parent / ".venv" / "pyvenv.cfg").is_file()
        assert (copy.root / "node_modules").is_symlink()
        assert not (copy.root.parent / ".git").exists()
        assert not (copy.root / "alembic.ini").is_symlink()  # `%(here)s` is the copy
        assert "x = 1" in (copy.root / path).read_text()
        assert not (copy.root / path).is_symlink()
    assert "x = 1" not in (root / path).read_text()


def test_writing_in_a_copy_does_not_reach_the_original(tmp_path: Path) -> None:
    write(tmp_path, **{"sql/V1__a.sql": "SELECT 1;\n", "sql/V2__b.sql": "SELECT 2;\n"})
    (project,) = detect_flyway(tmp_path)
    with copied(project, [FileEdit("sql/V1__a.sql", "")]) as copy:
        for name in ("V1__a.sql", "V2__b.sql"):
            (copy.root / "sql" / name).write_text("gone")
    assert (tmp_path / "sql" / "V2__b.sql").read_text() == "SELECT 2;\n"
