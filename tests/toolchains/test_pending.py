import subprocess
from pathlib import Path

import pytest
from alembic_fixture import revision, write_project

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.toolchains import find_projects
from dbspecialist.toolchains.base import Project
from dbspecialist.toolchains.pending import Pending, pending


@pytest.fixture
def project(tmp_path: Path) -> Project:
    files = {
        "1": revision("aaa1", None),
        "2": revision("aab2", "aaa1"),
        "3": revision("bbb3", "aab2"),
    }
    (found,) = find_projects(write_project(tmp_path, files))
    return found


def snapshot(**revisions: tuple[str, ...]) -> Snapshot:
    return Snapshot("postgresql", 180006, "d", "s", "t", Catalogue(), revisions=revisions)


def names(found: Pending) -> tuple[list[str], list[str]]:
    return [item.revision for item in found.before], [item.revision for item in found.pending]


def test_pending_without_a_version_table_is_everything(project: Project) -> None:
    assert names(pending(project, None)) == ([], ["aaa1", "aab2", "bbb3"])
    assert names(pending(project, snapshot())) == ([], ["aaa1", "aab2", "bbb3"])


def test_pending_by_version_table_is_the_rest(project: Project) -> None:
    found = pending(project, snapshot(alembic_version=("aab2",)))
    assert names(found) == (["aaa1", "aab2"], ["bbb3"])
    assert [item.revision for item in found.applied] == ["aaa1", "aab2"]


def test_pending_from_and_to_take_unambiguous_beginnings(project: Project) -> None:
    assert names(pending(project, None, from_="aaa", to="aab")) == (["aaa1"], ["aab2"])
    assert names(pending(project, None, from_="base", to="head")) == ([], ["aaa1", "aab2", "bbb3"])
    assert names(pending(project, None, to="2_.py")) == ([], ["aaa1", "aab2"])


def test_pending_from_behind_the_snapshot_keeps_what_must_run_first(project: Project) -> None:
    found = pending(project, snapshot(alembic_version=("aaa1",)), from_="aab2")
    assert names(found) == (["aaa1", "aab2"], ["bbb3"])
    assert [item.revision for item in found.applied] == ["aaa1"]


def test_pending_to_a_revision_before_from_is_an_input_error(project: Project) -> None:
    with pytest.raises(InputError, match="revision aaa1 comes before bbb3") as told:
        pending(project, None, from_="bbb3", to="aaa1")
    assert told.value.todo == "give --from aaa1 --to bbb3"
    assert names(pending(project, None, from_="aab2", to="aab2")) == (["aaa1", "aab2"], [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("aa", "revision aa fits 2: aaa1, aab2; write more of it"),
        ("bbb4", "there is no revision bbb4; did you mean bbb3"),
        ("0123", "there is no revision 0123; the newest is bbb3"),
    ],
)
def test_pending_with_a_bad_revision_is_an_input_error(
    project: Project, given: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        pending(project, None, from_=given)
    assert message in str(caught.value)


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def test_pending_by_git_base_is_what_is_new(project: Project) -> None:
    root = project.root
    versions = root / "migrations" / "versions"
    git(root, "init", "-b", "main")
    git(root, "add", "alembic.ini", "migrations/env.py", *map(str, versions.glob("[12]_.py")))
    git(root, "commit", "-m", "Base")
    git(root, "checkout", "-b", "work")
    git(root, "add", ".")
    (versions / "1_.py").write_text(revision("aaa1", None, "op.execute('select 1')"))
    git(root, "commit", "-m", "Work")
    (versions / "4_.py").write_text(revision("ccc4", "bbb3"))
    (found,) = find_projects(root)
    divided = pending(found, None, base="main")
    assert names(divided) == (["aaa1", "aab2"], ["bbb3", "ccc4"])
    assert [item.revision for item in divided.edited] == ["aaa1"]


def test_pending_by_an_unknown_git_base_is_an_input_error(project: Project) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        pending(project, None, base="main")
    git(project.root, "init", "-b", "main")
    with pytest.raises(InputError, match="Not a valid object name nope; fetch it"):
        pending(project, None, base="nope")


def test_find_projects_prefers_a_specific_toolchain(project: Project) -> None:
    (project.root / "sql" / "migrations").mkdir(parents=True)
    (project.root / "sql" / "migrations" / "1.sql").write_text("select 1")
    assert [item.name for item in find_projects(project.root)] == ["alembic"]
    assert [item.name for item in find_projects(project.root / "sql")] == ["sql"]
    assert [item.name for item in find_projects(project.root, "sql")] == ["sql"]
    with pytest.raises(InputError, match="no flyway migrations found"):
        find_projects(project.root, "flyway")


def test_find_projects_without_any_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_projects(tmp_path)
    message = str(caught.value)
    assert "no migrations found; give a path that holds one of: alembic.ini" in message
    assert "*.sql files" in message
    assert "\n" not in message


def test_find_projects_in_nothing_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is nothing at this path; check it"):
        find_projects(tmp_path / "none")
