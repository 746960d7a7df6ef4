"""Templates of MariaDB and MySQL servers: the system's tables, made once a version and copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.mysql.installation import Installation
from dbspecialist.twins.mysql.options import OPTIONS
from dbspecialist.twins.templates import template_folder

#: Changes with the way templates are made, so that old ones are not used.
TEMPLATE_REVISION = 1


def system_tables(installation: Installation) -> Path:
    """Return a data directory with the system's tables, made once a version and kept.

    Raises:
        InputError: Where they cannot be made.
    """
    name = f"{installation.engine}-{installation.version}-{TEMPLATE_REVISION}"
    return template_folder(
        name, "making the system's tables", lambda data: _install_command(installation, data)
    )


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
