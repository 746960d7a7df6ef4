"""Data directories: one made by initdb for each version, and copied for each server.

What this imports is little, since it is also run in a process of its own (`beforehand`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
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
    folder = make_owned_folder(letter, owner)
    try:
        folder.chmod(0o700)
        account = server_account()
        copy_folder(_template(installation), folder / "data", account)
        if account is not None:
            os.chown(folder, *account)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(
            f"no room for a twin ({error})", str(folder), "free 256 MiB or set TMPDIR"
        ) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder, installation


def _template(installation: Installation) -> Path:
    """Return a data directory fresh from initdb, made once a version and kept."""
    folder = cache_folder() / f"template-{installation.version}-{TEMPLATE_REVISION}"
    if folder.exists():
        return folder
    with (cache_folder() / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _initdb(installation, folder)
    return folder


def _initdb(installation: Installation, folder: Path) -> None:
    with owned_folder("i") as work:
        _hand_over(work)
        command = [installation.program("initdb"), "-D", str(work / "data"), "-U", "postgres"]
        # Without checksums, so that index pages can be written by twins/sizes.py.
        command += ["--auth=trust", "--no-sync", "--no-data-checksums", "--wal-segsize=1"]
        command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=work, **_account()
        )
        if done.returncode:
            words = " ".join(done.stderr.strip().splitlines()[-2:])
            raise InputError(f"initdb failed: {words}", str(work), "free 256 MiB or set TMPDIR")
        staged = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(staged, ignore_errors=True)
        shutil.move(work / "data", staged)  # a copy where the cache is on another file system
        staged.rename(folder)


def _account() -> dict[str, Any]:
    account = server_account()
    if account is None:
        return {}
    return {"user": account[0], "group": account[1], "extra_groups": []}


def _hand_over(folder: Path) -> None:
    """Give a folder to the server's account where that is not ours."""
    folder.chmod(0o700)
    account = server_account()
    if account is not None:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, *account)
