"""Data directories: one made by initdb for each version, and copied for each server.

What this imports is little, since it is also run in a process of its own (`beforehand`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.copying import copy_folder
from dbspecialist.twins.folders import make_owned_folder, owned_folder
from dbspecialist.twins.installation import (
    Installation,
    cache_folder,
    find_installation,
    server_account,
)

#: Changes with the way templates are made, so that old ones are not used.
TEMPLATE_REVISION = 3


def make_folder(letter: str = "t", owner: int | None = None) -> tuple[Path, Installation]:
    """Make a server's folder from the template; the caller removes it.

    Args:
        letter: What its name begins with.
        owner: The process that it ends with, where that is not this one.

    Raises:
        InputError: Where no PostgreSQL is found, or there is no room.
    """
    installation = find_installation()
    with server_folder(letter, owner) as folder:
        copy_folder(_template(installation), folder / "data", server_account())
    return folder, installation


@contextlib.contextmanager
def server_folder(letter: str, owner: int | None = None) -> Iterator[Path]:
    """Make a server's folder, which stays unless the block that fills it fails.

    Args:
        letter: What its name begins with.
        owner: The process that it ends with, where that is not this one.

    Raises:
        InputError: Where there is no room.
    """
    folder = make_owned_folder(letter, owner)
    try:
        folder.chmod(0o700)
        yield folder
        account = server_account()
        if account is not None:
            os.chown(folder, *account)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(
            f"no room for a twin ({_reason(error)})", str(folder), "free 256 MiB or set TMPDIR"
        ) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def template_folder(name: str, what: str, command: Callable[[Path], list[str]]) -> Path:
    """Return a data directory that is made once by a program, and kept under a name.

    Args:
        name: What tells it from those of other versions.
        what: What fails where the program fails, for the error.
        command: The program that makes it, of the folder where it is to be.

    Raises:
        InputError: Where it fails.
    """
    folder = cache_folder() / name
    if folder.exists():
        return folder
    with (cache_folder() / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with owned_folder("i") as work:
                _fill(work, what, command(work / "data"))
                _keep(work / "data", folder)
    return folder


def _keep(made: Path, folder: Path) -> None:
    staged = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(staged, ignore_errors=True)
    try:
        shutil.move(made, staged)  # a copy where the cache is on another file system
        staged.rename(folder)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise InputError(
            f"no room for what servers are copied from ({_reason(error)})",
            str(folder),
            "free 256 MiB there",
        ) from error


def _reason(error: OSError) -> str:
    # An error of shutil lists every file.
    return error.strerror or "its files cannot be copied"


def _fill(work: Path, what: str, command: list[str]) -> None:
    account = server_account()
    work.chmod(0o700)
    if account is not None:
        os.chown(work, *account)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=work, **_as_account(account)
    )
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).strip().splitlines()[-2:])
        raise InputError(f"{what} failed: {words}", str(work), "free 256 MiB or set TMPDIR")


def _as_account(account: tuple[int, int] | None) -> dict[str, Any]:
    """Return the arguments with which a program is started as another account."""
    if account is None:
        return {}
    return {"user": account[0], "group": account[1], "extra_groups": []}


def _template(installation: Installation) -> Path:
    def initdb(data: Path) -> list[str]:
        # Without checksums, so that index pages can be written by twins/sizes.py.
        return [
            *(installation.program("initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"),
            *("--no-sync", "--no-data-checksums", "--wal-segsize=1", "--encoding=UTF8"),
            *("--locale=C", "--no-instructions"),
        ]

    name = f"template-{installation.version}-{TEMPLATE_REVISION}"
    return template_folder(name, "initdb", initdb)
