import py_compile
from pathlib import Path

import pytest
from alembic_fixture import INI, revision, write_project

from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.alembic import detect, detect_all
from dbspecialist.toolchains.alembic.config import EnvFacts
from dbspecialist.toolchains.alembic.project import AlembicProject


def project(root: Path, files: dict[str, str]) -> AlembicProject:
    found = detect(write_project(root, files))
    assert found is not None
    return found


def test_history_is_parents_first_and_stays_on_a_branch(tmp_path: Path) -> None:
    files = {
        "9": revision("a", None),
        "8": revision("b1", "a"),
        "7": revision("b2", "b1"),
        "6": revision("c1", "a"),
        "5": revision("d", ("b2", "c1")),
    }
    found = project(tmp_path, files)
    assert [item.revision for item in found.history()] == ["a", "b1", "b2", "c1", "d"]
    assert [item.parents for item in found.history()] == [
        (),
        ("a",),
        ("b1",),
        ("a",),
        ("b2", "c1"),
    ]
    assert found.heads == ("d",)
    assert (found.history()[0].title, found.history()[0].path) == (
        "revision a",
        "migrations/versions/9_.py",
    )


def test_history_lists_several_heads(tmp_path: Path) -> None:
    found = project(
        tmp_path, {"1": revision("a", None), "2": revision("b", "a"), "3": revision("c", "a")}
    )
    assert found.heads == ("b", "c")
    assert found.notes == ("there are 2 heads: b, c",)


def test_history_follows_depends_on_and_its_labels(tmp_path: Path) -> None:
    other = revision("x", None).replace("branch_labels = None", 'branch_labels = ("other",)')
    needs = revision("b", "a").replace("depends_on = None", 'depends_on = "other"')
    found = project(tmp_path, {"1": revision("a", None), "2": needs, "3": other})
    assert [item.revision for item in found.history()] == ["a", "x", "b"]


@pytest.mark.parametrize(
    ("back", "kind", "reversible"),
    [
        ("pass", "empty", True),
        ('"""Nothing."""', "empty", True),
        ("raise NotImplementedError()", "raises", False),
        ('op.drop_table("a")', "body", True),
    ],
)
def test_history_tells_what_a_downgrade_is(
    tmp_path: Path, back: str, kind: str, reversible: bool
) -> None:
    found = project(tmp_path, {"1": revision("a", None, back=back)})
    (migration,) = found.history()
    assert (found.back(migration), migration.reversible) == (kind, reversible)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"1": revision("a", None), "2": revision("a", None)},
            "versions/2_.py: revision a stands in 1_.py as well; rename one",
        ),
        (
            {"1": revision("a", "z")},
            "versions/1_.py: its down_revision z is in no file; restore that revision",
        ),
        (
            {"1": revision("a", "b"), "2": revision("b", "a")},
            "versions/1_.py: revisions follow one another in a circle: a, b; mend a down_revision",
        ),
        ({"1": "def upgrade(:"}, "versions/1_.py:1: it does not parse: invalid syntax; mend it"),
        (
            {"1": "revision = make()"},
            "versions/1_.py:1: revision is computed, and it does not import: NameError: name 'make'"
            " is not defined; write its identifiers as literals, or install the project's packages",
        ),
    ],
)
def test_history_of_broken_files_says_what_and_where(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        project(tmp_path, files).history()
    assert str(caught.value).endswith(message)


def test_applied_are_the_ancestors_of_the_version_table(tmp_path: Path) -> None:
    files = {"1": revision("a", None), "2": revision("b", "a"), "3": revision("c", "b")}
    found = project(tmp_path, files)
    applied = found.applied({"public.alembic_version": ("b",), "public.other": ("x",)})
    assert [item.revision for item in applied] == ["a", "b"]
    assert found.applied({}) == ()


def test_applied_revision_without_a_file_is_an_input_error(tmp_path: Path) -> None:
    found = project(tmp_path, {"1": revision("a", None)})
    with pytest.raises(InputError, match="stands at revision zzz, which is in no file"):
        found.applied({"alembic_version": ("zzz",)})


def test_applied_leaves_another_projects_table_out(tmp_path: Path) -> None:
    found = project(tmp_path, {"1": revision("a", None), "2": revision("b", "a")})
    tables: dict[str, tuple[str, ...]] = {
        "public.alembic_version": ("a",),
        "other.alembic_version": ("zzz",),
    }
    assert [item.revision for item in found.applied(tables)] == ["a"]


def test_env_literals_name_the_version_table(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {},
        imports='TABLE = "v"',
        configure=', version_table=TABLE, version_table_schema="s"',
    )
    found = detect(tmp_path)
    assert found is not None
    assert found.env == EnvFacts("v", "s")


@pytest.mark.parametrize(
    ("configure", "engine"),
    [(", transactional_ddl=False", ""), ("", ', isolation_level="AUTOCOMMIT"')],
)
def test_history_without_transactions_says_so(tmp_path: Path, configure: str, engine: str) -> None:
    write_project(tmp_path, {"1": revision("a", None)}, configure=configure, engine=engine)
    found = detect(tmp_path)
    assert found is not None
    assert [item.transactional for item in found.history()] == [False]


def test_detect_reads_version_locations_and_here(tmp_path: Path) -> None:
    write_project(tmp_path / "app", {"1": revision("a", None)})
    (tmp_path / "app" / "more").mkdir()
    (tmp_path / "app" / "more" / "2_.py").write_text(revision("b", "a"))
    (tmp_path / "app" / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
        "version_locations = %(here)s/migrations/versions:%(here)s/more\n"
    )
    found = detect(tmp_path)
    assert found is not None
    assert [item.path for item in found.history()] == [
        "app/migrations/versions/1_.py",
        "app/more/2_.py",
    ]


def test_detect_finds_every_section_with_a_location(tmp_path: Path) -> None:
    write_project(tmp_path, {"1": revision("a", None)})
    (tmp_path / "second").mkdir()
    (tmp_path / "alembic.ini").write_text(
        INI + "[other]\nscript_location = second\n[loggers]\nkeys = root\n"
    )
    assert [item.config.section for item in detect_all(tmp_path)] == ["alembic", "other"]


def test_detect_reads_pyproject(tmp_path: Path) -> None:
    write_project(tmp_path, {"1": revision("a", None)})
    (tmp_path / "alembic.ini").unlink()
    (tmp_path / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
    )
    found = detect(tmp_path)
    assert found is not None
    assert [item.revision for item in found.history()] == ["a"]


def test_detect_skips_virtual_environments(tmp_path: Path) -> None:
    write_project(tmp_path / "strange", {"1": revision("a", None)})
    (tmp_path / "strange" / "pyvenv.cfg").write_text("")
    assert detect(tmp_path) is None


def test_detect_of_an_unreadable_ini_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text("script_location = x\n")
    with pytest.raises(InputError, match="it is not an ini file: File contains no section"):
        detect(tmp_path)


def test_detect_reads_a_location_in_the_default_section_once(tmp_path: Path) -> None:
    write_project(tmp_path, {"1": revision("a", None)})
    (tmp_path / "alembic.ini").write_text(
        "[DEFAULT]\nscript_location = migrations\n[post_write_hooks]\n[loggers]\n"
        "[private]\nscript_location = private\n"
    )
    (tmp_path / "private").mkdir()
    assert [item.config.section for item in detect_all(tmp_path)] == ["alembic", "private"]


def test_detect_finds_the_folder_of_flask_migrate(tmp_path: Path) -> None:
    write_project(tmp_path, {"1": revision("a", None)})
    (tmp_path / "alembic.ini").rename(tmp_path / "migrations" / "alembic.ini")
    (tmp_path / "migrations" / "alembic.ini").write_text("[alembic]\n# nothing\n")
    found = detect(tmp_path)
    assert found is not None
    assert [item.path for item in found.history()] == ["migrations/versions/1_.py"]


UP = "def upgrade(): pass\n"


@pytest.mark.parametrize(
    ("text", "revision", "parents"),
    [
        ('revision, down_revision = "r1", "base1"\n', "r1", ("base1",)),
        ('(revision, down_revision) = ["r1", ("base1", "base2")]\n', "r1", ("base1", "base2")),
        ('revision: str = "r1"\ndown_revision: str | None = ("base1")\n', "r1", ("base1",)),
        ('revision = old = "r" + "1"\ndown_revision = "base" "1"\n', "r1", ("base1",)),
        ('revision = "r0"\nrevision = "r1"\ndown_revision = ["base1"]\n', "r1", ("base1",)),
        ('NUMBER = "1"\nrevision = f"r{NUMBER}"\ndown_revision = "base1"\n', "r1", ("base1",)),
        ('revision = "_".join(("r", "1"))\ndown_revision = None\n', "r_1", ()),
        ('if True:\n    revision = "r1"\n    down_revision = "base1"\n', "r1", ("base1",)),
        ('revision = "r0"\nfor revision in ("r1",): pass\n', "r1", ()),
        ('import os.path as revision\nrevision = "r1"\n', "r1", ()),
        ('globals().update(revision="r1", down_revision="base1")\n', "r1", ("base1",)),
        ('from string import *\nrevision = "r" + digits[1]\n', "r1", ()),
    ],
)
def test_revision_is_read_however_it_is_assigned(
    tmp_path: Path, text: str, revision: str, parents: tuple[str, ...]
) -> None:
    bases = {name: f'revision = "{name}"\n' for name in ("base1", "base2")}
    found = project(tmp_path, {**bases, "9": text + UP}).history()
    last = next(item for item in found if item.path.endswith("9_.py"))
    assert (last.revision, last.parents) == (revision, parents)


def test_computed_revision_tells_what_its_downgrade_is(tmp_path: Path) -> None:
    text = 'revision = str("r1")\ndef upgrade(): pass\ndef downgrade():\n    raise ValueError\n'
    found = project(tmp_path, {"1": text})
    assert found.back(found.history()[0]) == "raises"


def test_file_of_alembic_0_1_is_named_by_its_file(tmp_path: Path) -> None:
    root = write_project(tmp_path, {})
    (root / "migrations" / "versions" / "12ab.py").write_text("down_revision = None\n" + UP)
    found = detect(root)
    assert found is not None
    assert [item.revision for item in found.history()] == ["12ab"]


def test_file_that_names_no_revision_is_told_by_name(tmp_path: Path) -> None:
    found = project(tmp_path, {"a": 'revision = "a"\n', "helper": "X = 1\n", "lost": UP})
    assert [item.revision for item in found.history()] == ["a"]
    assert found.notes == (
        "helper_.py is not run: it names no revision",
        "lost_.py is not run: it names no revision",
    )


@pytest.mark.parametrize("folder", ["", "__pycache__"])
def test_sourceless_revisions_are_read(tmp_path: Path, folder: str) -> None:
    root = write_project(tmp_path, {"1": revision("a", None, back="x = 1")})
    (root / "alembic.ini").write_text(INI + "sourceless = true\n")
    versions = root / "migrations" / "versions"
    source = versions / "1_.py"
    name = "1_.cpython-311.pyc" if folder else "1_.pyc"
    py_compile.compile(str(source), str(versions / folder / name), doraise=True)
    source.unlink()
    found = detect(root)
    assert found is not None
    assert [(item.revision, item.title) for item in found.history()] == [("a", "revision a")]


def test_compiled_files_do_not_count_without_sourceless(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"1": revision("a", None)})
    versions = root / "migrations" / "versions"
    py_compile.compile(str(versions / "1_.py"), str(versions / "2_.pyc"), doraise=True)
    found = detect(root)
    assert found is not None
    assert [item.path for item in found.history()] == ["migrations/versions/1_.py"]


def test_recursive_locations_and_one_that_is_not_there(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"1": revision("a", None)})
    more = "version_locations = migrations/versions, other, gone\n"
    (root / "alembic.ini").write_text(INI + more + "recursive_version_locations = true\n")
    (root / "other" / "2026").mkdir(parents=True)
    (root / "other" / "2026" / "2.py").write_text(revision("b", "a"))
    found = detect(root)
    assert found is not None
    assert [item.revision for item in found.history()] == ["a", "b"]
    assert found.notes == ("folder gone of version_locations is not there",)
