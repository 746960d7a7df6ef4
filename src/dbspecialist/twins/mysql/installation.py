"""Where the server's programs come from: MariaDB or MySQL as the machine has it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dbspecialist.facts.errors import InputError

#: An environment variable that names the server's program and overrides the search.
VARIABLE = "DBS_MYSQLD"
#: Debian keeps servers out of a user's PATH.
_PLACES = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
)
_NAMES = ("mariadbd", "mysqld")
_PLUGINS = ("/usr/lib/mysql/plugin", "/usr/lib64/mysql/plugin", "/usr/lib64/mariadb/plugin")


@dataclass(frozen=True, slots=True)
class Installation:
    """A server program and what it is.

    Args:
        program: Its path.
        engine: `mariadb` or `mysql`.
        version: As it tells it ("10.11.19").
    """

    program: Path
    engine: str
    version: str

    @property
    def lock_plugin(self) -> Path | None:
        """MariaDB's plugin that shows metadata locks, where it is installed."""
        found = (Path(place) / "metadata_lock_info.so" for place in _PLUGINS)
        return next((path for path in found if path.is_file()), None)


@cache
def find_installation(engine: str = "") -> Installation:
    """Find a server: `DBS_MYSQLD`, then PATH and the usual folders.

    Args:
        engine: The engine that is wanted before the other one.

    Raises:
        InputError: Where there is none.
    """
    found = [item for path in _candidates() if (item := _installation(path)) is not None]
    for item in found:
        if item.engine == engine:
            return item
    if found:
        return found[0]
    raise InputError(
        "no mariadbd or mysqld to run twins with",
        todo=f"apt-get install mariadb-server-core, or set {VARIABLE} to the server's program",
    )


def _candidates() -> list[Path]:
    named = os.environ.get(VARIABLE)
    if named:
        return [Path(named)]
    search = os.pathsep.join((os.environ.get("PATH", ""), *_PLACES))
    found = [path for name in _NAMES if (path := shutil.which(name, path=search))]
    return list(dict.fromkeys(Path(path).resolve() for path in found))


def _installation(program: Path) -> Installation | None:
    try:
        shown = subprocess.run(
            [program, "--no-defaults", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"Ver (\d+\.\d+\.\d+)", shown)
    engine = "mariadb" if "mariadb" in shown.lower() else "mysql"
    return Installation(program, engine, found[1]) if found else None
