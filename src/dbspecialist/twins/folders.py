"""Folders that end with their process: whose they are stands in their names.

So there is no moment at which a folder is there and nobody knows whose it is; what a killed
process leaves is removed at the next start of any twin.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.installation import running_as_root, runtime_folder

#: What fits into a socket's address (unix(7); macOS takes four fewer), and a socket's own name.
LONGEST_SOCKET = 103
_SOCKET = ".s.PGSQL.5432"
#: What `tempfile` adds to a name.
_RANDOM = 8

#: A letter, the owner (process, when it was started, and where its number counts), and what makes
#: the name the only one.
_NAME = re.compile(
    r"[a-z](?P<owner>(?P<process>[0-9a-f]+)-[0-9a-f]{1,6}-(?P<space>[0-9a-f]{0,4}))-\w+"
)

#: What names of folders begin with that an ended process has left to a program, and how long that
#: may take.
_LEFT, REMOVING_SECONDS = "x", 10.0

#: That program's path, or nothing where this process removes its folders itself.
_remover: str | None = None


@contextlib.contextmanager
def owned_folder(letter: str) -> Iterator[Path]:
    """Make a folder that is removed at the end of the block."""
    folder = make_owned_folder(letter)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_owned_folder(letter: str, owner: int | None = None) -> Path:
    """Make a folder of this process for a socket or a server; the caller removes it.

    Args:
        letter: What its name begins with.
        owner: Another process that it ends with.

    Raises:
        InputError: Where no server's socket could lie in it.
    """
    place, prefix = runtime_folder(), f"{letter}{_name_of(owner or os.getpid())}-"
    if len(os.fsencode(place / f"{prefix}{'x' * _RANDOM}" / _SOCKET)) > LONGEST_SOCKET:
        raise InputError(
            f"a socket's path would be longer than {LONGEST_SOCKET} bytes",
            str(place),
            "set TMPDIR to a folder with a shorter name",
        )
    if running_as_root() and not _is_open(place):
        raise InputError(
            "the account that runs the server cannot enter it",
            str(place),
            "set TMPDIR to a folder that everyone may enter",
        )
    remove_at_exit()
    return Path(tempfile.mkdtemp(prefix=prefix, dir=place))


def orphaned_folders() -> Iterator[tuple[Path, str]]:
    """Yield the folders whose process is gone, and the name of that process."""
    space = _space()
    for folder in runtime_folder().iterdir():
        found = _NAME.fullmatch(folder.name)
        # Processes of another container have numbers of their own.
        if (
            found
            and found["space"] == space
            and found["owner"] != _named(int(found["process"], 16))
        ):
            yield folder, found["owner"]


def remove_own_folders(letter: str = "") -> None:
    """Remove what this process has left: an interrupt may come between a making and its `try`.

    Args:
        letter: What the names begin with; "" for all.
    """
    for folder in _own_folders():
        if folder.name.startswith(letter):
            shutil.rmtree(folder, ignore_errors=True)


@cache
def remove_at_exit() -> None:
    """Have this process remove its folders when it ends."""
    atexit.register(_remove_all)


@cache
def leave_removal() -> None:
    """Have a program that outlives this process remove its folders, where there is one.

    A server's folder holds some 2,000 files, whose removal takes 25 ms.
    """
    global _remover  # noqa: PLW0603
    _remover = shutil.which("rm") if sys.platform == "linux" else None


def remove_folder(folder: Path) -> None:
    """Remove a folder of this process, or leave it to the process's end."""
    if _remover is None:
        shutil.rmtree(folder, ignore_errors=True)


def is_being_removed(folder: Path) -> bool:
    """Tell whether the program that an ended process left its folders to is at work."""
    if not folder.name.startswith(_LEFT):
        return False
    try:
        return time.time() - folder.lstat().st_ctime < REMOVING_SECONDS
    except FileNotFoundError:
        return True


def _remove_all() -> None:
    if _remover is None:
        remove_own_folders()
        return
    left = []
    for folder in _own_folders():
        # Whoever finds a folder of that name need not look for a server of an ended process.
        left.append(folder.rename(folder.with_name(_LEFT + folder.name[1:])))
    if left:
        nowhere = [(os.POSIX_SPAWN_OPEN, end, os.devnull, os.O_RDWR, 0) for end in range(3)]
        os.posix_spawn(
            _remover,
            ["rm", "-rf", "--", *map(str, left)],
            os.environ,
            file_actions=nowhere,
            setsid=True,
        )


def _own_folders() -> list[Path]:
    found = [(folder, _NAME.fullmatch(folder.name)) for folder in runtime_folder().iterdir()]
    return [folder for folder, name in found if name and name["owner"] == own_name()]


def _is_open(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def own_name() -> str:
    """Name this process so that a later one with the same number is not taken for it."""
    return _name_of(os.getpid())


@cache
def _name_of(process: int) -> str:
    name = _named(process)
    if name is None:
        raise InputError("the system does not show this process", "/proc", "mount it")
    return name


def _named(process: int) -> str | None:
    """Return a process's name, or nothing where it has ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        import psutil  # where the system is another, or the process has ended

        try:
            started = round(psutil.Process(process).create_time() * 10)
        except psutil.NoSuchProcess:
            return None
    except ProcessLookupError:
        return None
    else:
        # In ticks since the machine's start, which no one sets as they set clocks (proc(5)).
        started = int(status.rpartition(")")[2].split()[19])
    return f"{process:x}-{started & 0xFFFFFF:x}-{_space()}"


@cache
def _space() -> str:
    """Name the namespace in which processes are numbered, or "" (pid_namespaces(7))."""
    try:
        return f"{Path('/proc/self/ns/pid').stat().st_ino & 0xFFFF:x}"
    except OSError:
        return ""
