"""Folders that end with their process: whose they are stands in their names.

So there is no moment at which a folder is there and nobody knows whose it is; what a killed
process leaves is removed at the next start of any twin.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.installation import running_as_root, runtime_folder

#: What fits into a socket's address (unix(7); macOS takes four fewer), and a socket's own name.
LONGEST_SOCKET = 103
_SOCKET = ".s.PGSQL.5432"

#: A letter, the process and when it was started, and what makes the name the only one.
_NAME = re.compile(r"[a-z](?P<owner>(?P<process>[0-9a-f]+)-[0-9a-f]{1,4})-\w+")


@contextlib.contextmanager
def owned_folder(letter: str) -> Iterator[Path]:
    """Make a folder that is removed at the end of the block."""
    folder = make_owned_folder(letter)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_owned_folder(letter: str) -> Path:
    """Make a folder of this process for a socket or a server; the caller removes it.

    Raises:
        InputError: Where no server's socket could lie in it.
    """
    place = runtime_folder()
    if running_as_root() and not _is_open(place):
        raise InputError(
            "the account that runs the server cannot enter it",
            str(place),
            "set TMPDIR to a folder that everyone may enter",
        )
    folder = Path(tempfile.mkdtemp(prefix=f"{letter}{_owner(os.getpid())}-", dir=place))
    if len(os.fsencode(folder / _SOCKET)) > LONGEST_SOCKET:
        folder.rmdir()
        raise InputError(
            f"a socket's path would be longer than {LONGEST_SOCKET} bytes",
            str(place),
            "set TMPDIR to a folder with a shorter name",
        )
    return folder


def orphaned_folders() -> Iterator[Path]:
    """Yield the folders whose process is gone."""
    for folder in runtime_folder().iterdir():
        found = _NAME.fullmatch(folder.name)
        if found and found["owner"] != _owner(int(found["process"], 16)):
            yield folder


def remove_own_folders() -> None:
    """Remove what an interrupt has left: it may come between the making and the `try`."""
    for folder in runtime_folder().iterdir():
        found = _NAME.fullmatch(folder.name)
        if found and found["owner"] == _owner(os.getpid()):
            shutil.rmtree(folder, ignore_errors=True)


def _is_open(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def _owner(process: int) -> str | None:
    """Name a process so that a later one with the same number is not taken for it."""
    if process == os.getpid():
        return _own_name(process)
    return _named(process)


@cache
def _own_name(process: int) -> str | None:
    return _named(process)


def _named(process: int) -> str | None:
    try:
        started = round(psutil.Process(process).create_time() * 10)
    except psutil.NoSuchProcess:
        return None
    return f"{process:x}-{started & 0xFFFF:x}"
