"""Throwaway PostgreSQL servers: made from one template, gone with their owner.

The owner is this process. A server whose owner was killed is stopped by the kernel (Linux:
PR_SET_PDEATHSIG) and its folder is removed at the next start of any cluster.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.beforehand import keep, made_beforehand, taken
from dbspecialist.twins.confinement import confined, server_ruleset
from dbspecialist.twins.folders import is_being_removed, orphaned_folders, remove_folder
from dbspecialist.twins.installation import Installation, server_account
from dbspecialist.twins.processes import end_marked
from dbspecialist.twins.templates import make_folder

# What psycopg has to say of connections that an interrupt cuts goes to those who log.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

START_SECONDS = 30.0
PORT = 5432

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # it would undo injected statistics
    "shared_buffers": "16MB",
    "max_connections": "80",
    "max_prepared_transactions": "8",
    "max_wal_size": "64MB",
    "min_wal_size": "2MB",
    "wal_level": "logical",
    "max_wal_senders": "0",
    "io_method": "sync",
    "dynamic_shared_memory_type": "mmap",  # nothing stays in /dev/shm after a crash
    "huge_pages": "off",
    "jit": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "track_counts": "on",
}


#: Lines of the log that say why a server ended, before it says that it did.
_SEVERE = re.compile(r"(?:ERROR|FATAL|PANIC):")


class Cluster:
    """One running server; made by `start_cluster`."""

    def __init__(self, folder: Path, installation: Installation, settings: Mapping[str, str]):
        self.folder = folder
        self.data = folder / "data"
        self.installation = installation
        self.settings = {**SETTINGS, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> str:
        """The server's version ("18.6")."""
        return self.installation.version

    @property
    def socket(self) -> Path:
        """The path of the server's unix socket."""
        return self.folder / f".s.PGSQL.{PORT}"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return a libpq URL over the server's unix socket."""
        who, where = quote(user, safe=""), quote(database, safe="")
        return f"postgresql://{who}@/{where}?host={quote(str(self.folder))}&port={PORT}"

    def connect(
        self, database: str = "postgres", user: str = "postgres", **options: Any
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection in autocommit mode."""
        return psycopg.connect(self.url(database, user), autocommit=True, **options)

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            InputError: With the server's last words where it does not start.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the server; `wait_until_ready` must follow."""
        program = self.installation.program("postgres")
        command = [program, "-D", str(self.data)]
        command += ["-k", str(self.folder), "-p", str(PORT)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with (
            (self.folder / "log").open("ab") as log,
            server_ruleset(Path(program), self.folder) as held,
        ):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=confined(server_account(), signal.SIGQUIT, held),  # noqa: PLW1509
            )

    def wait_until_ready(self) -> None:
        """Wait until the launched server accepts connections.

        Raises:
            InputError: With the server's last words where it does not start.
        """
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.is_ready():
                return
            time.sleep(0.004)
        words = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        errors = [line for line in words if _SEVERE.search(line)] or words
        self.close()
        raise InputError(
            "the twin's server did not start: " + " ".join(errors[-2:]),
            todo="free 256 MiB, set TMPDIR, or free memory",
        )

    def is_ready(self) -> bool:
        """Tell whether the launched server accepts connections; a copy of its owner may ask."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # A stale file of an earlier run names another process.
        ours = self._process is not None and lines[:1] == [str(self._process.pid)]
        return ours and len(lines) > 7 and "ready" in lines[7]

    def stop(self) -> None:
        """Shut the server down with a checkpoint, keeping its data for `start`."""
        self._end(signal.SIGINT)

    def close(self) -> None:
        """Stop the server at once and remove everything it had."""
        self._end(signal.SIGQUIT)
        remove_folder(self.folder)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def start_cluster(settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Start a throwaway server and remove it at the end of the block.

    Args:
        settings: Server settings that override those of twins.

    Raises:
        InputError: Where no PostgreSQL is found or it does not start.
    """
    cluster = None if settings else _launched_beforehand()
    launched = cluster is not None
    cluster = cluster or make_cluster(settings)
    try:
        if not launched:
            cluster.launch()
        cluster.wait_until_ready()
        yield cluster
    finally:
        cluster.close()


def launch_beforehand() -> None:
    """Launch a server whose folder was made beforehand, for the first that starts a cluster."""
    made = made_beforehand()
    if made is not None:
        cluster = Cluster(*made, {})
        keep(cluster)
        cluster.launch()


def _launched_beforehand() -> Cluster | None:
    cluster = taken()
    if cluster is not None:
        remove_orphans()
    return cluster


def make_cluster(settings: Mapping[str, str] | None = None) -> Cluster:
    """Make a cluster from the template without starting it; the caller closes it."""
    remove_orphans()
    folder, installation = made_beforehand() or make_folder()
    return Cluster(folder, installation, settings or {})


def remove_orphans() -> None:
    """Stop and remove what a killed owner has left: servers, programs of projects, folders."""
    for folder, owner in orphaned_folders():
        if is_being_removed(folder):
            continue
        _kill_server(folder / "data")
        end_marked(f"{owner}.")
        shutil.rmtree(folder, ignore_errors=True)


def _kill_server(data: Path) -> None:
    """Kill the server of a data directory, made sure of by its command line."""
    import psutil  # only where something was left behind

    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
        if str(data) in process.cmdline():
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
