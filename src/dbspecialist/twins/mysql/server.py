"""Throwaway servers: a prepared data directory copied, reached by a socket, gone with their owner.

As twins/cluster.py does it for PostgreSQL: no network, no account with rights over the machine,
ended by the kernel when the owner is killed, and the folder removed at the next start.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbspecialist.engines.mysql.driver import Connection, MySQLError, connect
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.cluster import remove_orphans
from dbspecialist.twins.confinement import confined, server_ruleset
from dbspecialist.twins.copying import copy_folder
from dbspecialist.twins.installation import server_account
from dbspecialist.twins.mysql.installation import Installation, find_installation
from dbspecialist.twins.mysql.options import MARIADB_OPTIONS, OPTIONS
from dbspecialist.twins.mysql.template import system_tables
from dbspecialist.twins.processes import marked
from dbspecialist.twins.templates import server_folder

START_SECONDS = 30.0
SOCKET = "s"


class Server:
    """One running server; made by `start_server`."""

    def __init__(
        self, folder: Path, installation: Installation, options: Mapping[str, str]
    ) -> None:
        self.folder, self.installation = folder, installation
        own = MARIADB_OPTIONS if installation.engine == "mariadb" else {}
        self.options = {**OPTIONS, **own, **options}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def engine(self) -> str:
        """`mariadb` or `mysql`."""
        return self.installation.engine

    @property
    def version(self) -> str:
        """The server's version ("10.11.19")."""
        return self.installation.version

    @property
    def program(self) -> Path:
        """The server's program, whose process is confined."""
        return self.installation.program

    #: Who runs migrations.
    account = "'dbs_owner'@'localhost'"

    def client(self, database: str | None, user: str = "root") -> dict[str, Any]:
        """Return what a client library needs to connect."""
        return {"unix_socket": str(self.socket), "user": user, "database": database}

    @property
    def process(self) -> int:
        """The number of the running server's process."""
        return int((self.folder / "pid").read_text())

    @property
    def socket(self) -> Path:
        """The path of the server's unix socket."""
        return self.folder / SOCKET

    def connect(self, database: str | None = None, user: str = "root", **more: Any) -> Connection:
        """Open a connection in autocommit mode."""
        return connect(unix_socket=str(self.socket), user=user, database=database, **more)

    def url(self, database: str, user: str = "root") -> str:
        """Return a URL over the server's unix socket, as SQLAlchemy and others read it."""
        return f"mysql://{user}@localhost/{database}?unix_socket={self.socket}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            InputError: With the server's last words where it does not start.
        """
        program = self.installation.program
        with (
            (self.folder / "log").open("ab") as log,
            server_ruleset(program, self.folder) as held,
        ):
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
                env=marked({"PATH": os.defpath, "LC_ALL": "C"}),
                preexec_fn=confined(server_account(), signal.SIGKILL, held),  # noqa: PLW1509
            )
        self._wait_until_ready()

    def _command(self) -> list[str]:
        folder = self.folder
        command = [str(self.installation.program), "--no-defaults", "--skip-networking"]
        command += [f"--datadir={folder / 'data'}", f"--socket={self.socket}"]
        command += [f"--pid-file={folder / 'pid'}", f"--tmpdir={folder / 'tmp'}"]
        command += [f"--plugin-dir={folder / 'plugins'}", "--skip-name-resolve", "--skip-log-bin"]
        # LOAD DATA and SELECT … INTO OUTFILE reach this folder alone, which is empty.
        command += [f"--secure-file-priv={folder / 'files'}"]
        if (folder / "plugins" / "metadata_lock_info.so").exists():
            command += ["--plugin-load-add=metadata_lock_info"]
        return command + [f"--{name}={value}" for name, value in self.options.items()]

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.socket.exists():
                with contextlib.suppress(MySQLError):
                    self.connect().close()
                    return
            time.sleep(0.005)
        words = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        errors = [line for line in words if "[ERROR]" in line] or words
        self.close()
        raise InputError("the twin's server did not start: " + " ".join(errors[-2:]))

    def close(self) -> None:
        """Stop the server at once and remove everything it had."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()  # nothing of it is kept
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def start_server(engine: str = "", options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a throwaway server and remove it at the end of the block.

    Args:
        engine: The engine that is wanted before the other one.
        options: Options that override those of twins.

    Raises:
        InputError: Where no server's program is found or it does not start.
    """
    server = make_server(engine, options)
    try:
        server.start()
        yield server
    finally:
        server.close()


def make_server(engine: str = "", options: Mapping[str, str] | None = None) -> Server:
    """Make a server's folder from the template without starting it; the caller closes it."""
    installation = find_installation(engine)
    remove_orphans()
    account = server_account()
    with server_folder("m") as folder:
        copy_folder(system_tables(installation), folder / "data", account)
        for name in ("tmp", "files", "plugins"):
            (folder / name).mkdir(mode=0o755)
        if installation.lock_plugin is not None:
            shutil.copy(installation.lock_plugin, folder / "plugins")
        if account is not None:
            os.chown(folder / "tmp", *account)
    return Server(folder, installation, options or {})
