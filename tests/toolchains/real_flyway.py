"""The real Flyway from Maven Central, kept in the user's cache, and a way to it for its driver."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

VERSION, DRIVER = "10.20.1", "42.7.4"
DEPENDENCY = (
    "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
)
POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    "<groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>{}"
    "</dependencies></project>"
)
PARTS = (
    ("org.flywaydb", "flyway-core", VERSION),
    ("org.flywaydb", "flyway-database-postgresql", VERSION),
    ("org.postgresql", "postgresql", DRIVER),
)
PROGRAM = """import org.flywaydb.core.Flyway;

public class Run {
    public static void main(String[] given) {
        var config = Flyway.configure().dataSource(given[0], "postgres", "");
        config.locations("filesystem:" + given[1]);
        config.configuration(java.util.Map.of("flyway.postgresql.transactional.lock", "false"));
        System.out.println(config.load().migrate().migrationsExecuted);
    }
}
"""


def jars() -> Path:
    """Return the folder of Flyway's jars; the test is skipped where Maven does not bring them."""
    absent = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if absent:
        pytest.skip(f"NOT TESTED, not on PATH: {', '.join(absent)}")
    folder = Path(platformdirs.user_cache_dir("dbspecialist")) / "flyway-tests" / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            (folder / "pom.xml").write_text(
                POM.format("".join(DEPENDENCY.format(*p) for p in PARTS))
            )
            (folder / "Run.java").write_text(PROGRAM)
            command = ["mvn", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if run.returncode:
                pytest.skip(f"NOT TESTED, Maven failed: {(run.stdout + run.stderr).strip()[-200:]}")
            (folder / "done").touch()
    return folder


def migrate(port: int, database: str, scripts: Path) -> int:
    """Run Flyway's migrate and return how many scripts it ran."""
    folder = jars()
    url = f"jdbc:postgresql://127.0.0.1:{port}/{database}"
    command = ["java", "-cp", f"{folder}/lib/*", str(folder / "Run.java"), url, str(scripts)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return int(run.stdout.strip().splitlines()[-1])


@contextlib.contextmanager
def forwarded(path: Path) -> Iterator[int]:
    """Lead a port of this machine to a server's socket, as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_accept, args=(server, path), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _accept(server: socket.socket, path: Path) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:  # the block has ended
            return
        there = socket.socket(socket.AF_UNIX)
        there.connect(str(path))
        for one, other in ((client, there), (there, client)):
            threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
    one.close()
