"""Templates of MariaDB and MySQL servers: the system's tables, made once a version and copied."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.folders import owned_folder
from dbspecialist.twins.installation import cache_folder, server_account
from dbspecialist.twins.mysql.installation import Installation
from dbspecialist.twins.mysql.options import OPTIONS

#: Changes with the way templates are made, so that old ones are not used.
TEMPLATE_REVISION = 1


def template_folder(installation: Installation) -> Path:
    """Return a data directory with the system's tables, made once a version and kept."""
    name = f"{installation.engine}-{installation.version}-{TEMPLATE_REVISION}"
    folder = cache_folder() / name
    if folder.exists():
        return folder
    with (cache_folder() / "mysql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _install(installation, folder)
    return folder


def _install(installation: Installation, folder: Path) -> None:
    with owned_folder("i") as work:
        account = server_account()
        if account is not None:
            os.chown(work, *account)
        done = subprocess.run(
            _install_command(installation, work / "data"),
            capture_output=True,
            text=True,
            check=False,
            cwd=work,
            **as_account(account),
        )
        if done.returncode:
            words = " ".join((done.stderr or done.stdout).strip().splitlines()[-2:])
            raise InputError(
                f"the system's tables cannot be made: {words}",
                str(work),
                "free 256 MiB or set TMPDIR",
            )
        staged = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(staged, ignore_errors=True)
        shutil.move(work / "data", staged)
        staged.rename(folder)


def _install_command(installation: Installation, data: Path) -> list[str]:
    names = ("loose-innodb-log-file-size", "innodb-data-file-path")
    given = [f"--{name}={OPTIONS[name]}" for name in names]
    if installation.engine == "mysql":
        program = str(installation.program)
        return [program, "--no-defaults", "--initialize-insecure", f"--datadir={data}", *given]
    search = os.pathsep.join((str(installation.program.parent), os.defpath, "/usr/sbin"))
    script = shutil.which("mariadb-install-db", path=search)
    if script is None:
        raise InputError("mariadb-install-db is missing", todo="apt-get install mariadb-server")
    return [
        *(script, "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve"),
        *("--auth-root-authentication-method=normal", *given),
    ]


def as_account(account: tuple[int, int] | None) -> dict[str, Any]:
    """Return the arguments with which a program is started as another account."""
    if account is None:
        return {}
    return {"user": account[0], "group": account[1], "extra_groups": []}
