from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbspecialist.cli._status import Run, ending_with_a_status
from dbspecialist.facts.errors import InputError
from dbspecialist.twins import folders
from dbspecialist.twins.cluster import remove_orphans
from dbspecialist.twins.folders import (
    is_being_removed,
    make_owned_folder,
    orphaned_folders,
    own_name,
    owned_folder,
    remove_own_folders,
)
from dbspecialist.twins.installation import cache_folder, runtime_folder

MAKE = (
    "import os; from dbspecialist.twins.folders import make_owned_folder as f;"
    " print(f('p'), flush=True); os._exit(0)"
)


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="f") as made:  # pytest's are too long for a socket
        Path(made).chmod(0o711)
        monkeypatch.setattr("tempfile.tempdir", made)
        yield Path(made)


def test_folder_goes_with_its_block(scratch: Path) -> None:
    with owned_folder("t") as folder:
        (folder / "file").touch()
        assert list(orphaned_folders()) == []
    assert not folder.exists()


def test_folder_of_a_process_that_is_gone_is_removed(scratch: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-c", MAKE],
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(made.stdout.strip())
    assert [path for path, _ in orphaned_folders()] == [folder]
    remove_orphans()
    assert not folder.exists()


def test_folder_of_a_later_process_with_the_same_number_is_removed(scratch: Path) -> None:
    own = make_owned_folder("t")
    process, started, *rest = own.name.split("-")
    later = "-".join([process, f"{int(started, 16) ^ 1:x}", *rest])
    folder = own.rename(own.with_name(later))
    assert [path for path, _ in orphaned_folders()] == [folder]


def test_folder_of_another_container_stays(scratch: Path) -> None:
    own = make_owned_folder("t")
    process, started, space, end = own.name.split("-")
    own.rename(
        own.with_name("-".join([process, f"{int(started, 16) ^ 1:x}", f"{space}0"[-4:], end]))
    )
    assert list(orphaned_folders()) == []


def test_folder_of_an_interrupted_process_goes_with_it(scratch: Path) -> None:
    interrupted = (
        "from dbspecialist.twins.folders import make_owned_folder\n"
        "print(make_owned_folder('p'), flush=True)\n"
        "raise KeyboardInterrupt"
    )
    ended = subprocess.run(
        [sys.executable, "-c", interrupted],
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KeyboardInterrupt" in ended.stderr
    assert not Path(ended.stdout.strip()).exists()


def test_folder_stays_where_a_command_is_interrupted_in_a_process_that_goes_on(
    scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> int:
        raise KeyboardInterrupt

    with owned_folder("t") as folder:
        assert ending_with_a_status(command, Run()) == 2
        assert folder.exists()
    assert capsys.readouterr().err == "dbs: interrupted; nothing is left running\n"


def test_process_that_the_system_does_not_show_is_told(scratch: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    with pytest.raises(InputError) as caught:
        make_owned_folder("p", owner=int(ended.stdout))
    assert str(caught.value) == "/proc: the system does not show this process; mount it"
    assert list(scratch.rglob("p*")) == []


def test_other_folders_stay(scratch: Path) -> None:
    kept = make_owned_folder("t").with_name("kept")
    kept.mkdir()
    remove_orphans()
    remove_own_folders()
    assert [path.name for path in kept.parent.iterdir()] == ["kept"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands servers to another account")
def test_folder_that_the_server_cannot_enter_is_refused(scratch: Path) -> None:
    scratch.chmod(0o700)
    with pytest.raises(InputError, match="set TMPDIR to a folder that everyone may enter"):
        make_owned_folder("t")


@pytest.mark.skipif(os.geteuid() == 0, reason="root has a cache of its own")
def test_cache_lies_with_the_twins_where_there_is_no_home(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == scratch / f"dbspecialist-{os.geteuid()}" / "cache"


_ENDING = """
import sys
from dbspecialist.twins.cluster import start_cluster
from dbspecialist.twins.folders import leave_removal
leave_removal()
with start_cluster() as cluster:
    print(cluster.folder.name, cluster._process.pid)
print(cluster.folder.exists())
"""


def test_folder_that_is_left_to_a_program_is_gone_soon() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ENDING], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    name, server, kept = done.stdout.split()
    assert kept == "True"
    assert not Path(f"/proc/{server}").exists()
    deadline = time.monotonic() + 20
    while list(runtime_folder().glob(f"?{name[1:]}")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(runtime_folder().glob(f"?{name[1:]}")) == []


def test_folder_that_is_being_removed_is_no_orphan_of_the_next_start(tmp_path: Path) -> None:
    young = tmp_path / "xabc"
    young.mkdir()
    assert is_being_removed(young)
    assert not is_being_removed(tmp_path)


def test_folder_whose_removal_was_cut_short_is_removed_at_the_next_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folders, "REMOVING_SECONDS", -1.0)
    space = own_name().rpartition("-")[2]
    left = runtime_folder() / f"x7ffffff0-1-{space}-cutshort"
    (left / "data").mkdir(parents=True)
    remove_orphans()
    assert not left.exists()
