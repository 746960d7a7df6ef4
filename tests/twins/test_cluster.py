from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.cluster import remove_orphans, start_cluster


def test_cluster_answers_and_leaves_nothing() -> None:
    with start_cluster() as cluster, cluster.connect() as connection:
        row = connection.execute("SHOW server_version").fetchone()
        folder, answer = cluster.folder, row
    assert answer == (cluster.version,)
    assert not folder.exists()


def test_cluster_keeps_its_data_over_a_restart() -> None:
    with start_cluster() as cluster:
        with cluster.connect() as connection:
            connection.execute("CREATE TABLE kept (id int)")
        cluster.stop()
        cluster.start()
        with cluster.connect() as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_cluster_of_a_killed_owner_is_removed_at_the_next_start() -> None:
    code = """
import time
from dbspecialist.twins.cluster import start_cluster
with start_cluster() as cluster:
    print(cluster.folder, flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    server = psutil.Process(int((folder / "data/postmaster.pid").read_text().split()[0]))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    remove_orphans()
    deadline = time.monotonic() + 10
    while server.is_running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not server.is_running()
    assert not folder.exists()


def test_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(
            InputError, match=r'FATAL:  .*invalid value for parameter "wal_level"'
        ) as caught,
        start_cluster({"wal_level": "nonsense"}),
    ):
        pass
    assert "\n" not in str(caught.value)
