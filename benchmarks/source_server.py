"""Servers that play production: the embedded one, or one of another major from its binaries."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from dbspecialist.twins.cluster import start_cluster
from dbspecialist.twins.installation import runtime_folder, server_account

#: As in twins, where plans depend on it; the rest is the server's own default.
SETTINGS = ("jit=off", "autovacuum=off", "fsync=off", "max_wal_size=4GB", "timezone=UTC")
START_SECONDS = 30


@contextmanager
def source_server(binaries: Path | None) -> Iterator[str]:
    """Start an empty server and yield its URL.

    Args:
        binaries: Folder with `initdb` and `postgres`, or nothing for the embedded server.
    """
    if binaries is None:
        with start_cluster({"max_wal_size": "4GB"}) as cluster:
            yield cluster.url()
        return
    folder = Path(tempfile.mkdtemp(prefix="source", dir=runtime_folder()))
    process = None
    try:
        process = _start(binaries, folder)
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        shutil.rmtree(folder)


def _start(binaries: Path, folder: Path) -> subprocess.Popen[bytes]:
    account = server_account()
    options: dict[str, Any] = {"cwd": folder}
    if account is not None:
        os.chown(folder, *account)
        options |= {"user": account[0], "group": account[1], "extra_groups": []}
    data = str(folder / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "--auth=trust"]
    initdb += ["--no-sync", "--encoding=UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, capture_output=True, **options)
    command = [str(binaries / "postgres"), "-D", data, "-k", str(folder)]
    command += [part for setting in SETTINGS for part in ("-c", setting)]
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [*command, "-c", "listen_addresses="],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **options,
    )
    _wait(folder)
    return process


def _wait(folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
