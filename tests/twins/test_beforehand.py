"""Folders made beforehand, by programs of their own, since these must have one thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from dbspecialist.twins.cluster import remove_orphans
from dbspecialist.twins.installation import BIN_VARIABLE, runtime_folder

_TWO_SERVERS = """
from dbspecialist.twins.beforehand import folder_made_meanwhile
with folder_made_meanwhile():
    from dbspecialist.twins import cluster
    making = cluster.make_folder
    made = []
    cluster.make_folder = lambda: made.append(1) or making()
    for _ in range(2):
        with cluster.start_cluster() as server, server.connect() as connection:
            print(connection.execute("SELECT 1").fetchone(), server.folder.name[0], len(made))
"""

_NO_SERVER = """
import time
from dbspecialist.twins.beforehand import folder_made_meanwhile
from dbspecialist.twins.folders import own_name
from dbspecialist.twins.installation import runtime_folder
with folder_made_meanwhile():
    for _ in range(1000):
        found = [item.name for item in runtime_folder().glob(f"b{own_name()}-*")]
        if found:
            break
        time.sleep(0.01)
print(len(found), [item.name for item in runtime_folder().glob(f"?{own_name()}-*")])
"""

_NO_PROGRAMS = """
from dbspecialist.twins.beforehand import folder_made_meanwhile, made_beforehand
with folder_made_meanwhile():
    print(made_beforehand())
"""

_SLOW = """
import sys, time
from dbspecialist.twins.beforehand import folder_made_meanwhile
with folder_made_meanwhile():
    print("begun", flush=True)
    for _ in range(600):  # a signal that comes just before one long sleep is heard after it
        time.sleep(0.1)
"""


def run(script: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **variables},
    )
    assert done.stderr == ""
    return done.stdout


def folders_of(process: int) -> list[str]:
    return [
        item.name
        for item in runtime_folder().iterdir()
        if item.name[1:].startswith(f"{process:x}-")
    ]


def test_first_server_takes_the_folder_and_the_second_has_one_of_its_own() -> None:
    assert run(_TWO_SERVERS) == "(1,) t 0\n(1,) t 1\n"


def test_folder_that_nobody_takes_is_removed() -> None:
    assert run(_NO_SERVER) == "1 []\n"


def test_folder_that_cannot_be_made_is_nothing() -> None:
    assert run(_NO_PROGRAMS, **{BIN_VARIABLE: "/nowhere", "PATH": ""}) == "None\n"


def test_interrupt_leaves_no_folder() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        program.send_signal(signal.SIGINT)
        program.wait(20)
    assert folders_of(program.pid) == []


def test_folder_of_a_killed_owner_is_removed_at_the_next_start() -> None:
    with subprocess.Popen([sys.executable, "-c", _SLOW], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        deadline = time.monotonic() + 20
        while not (found := folders_of(program.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        program.kill()
    assert [name[0] for name in found] == ["b"]
    while folders_of(program.pid) and time.monotonic() < deadline:
        remove_orphans()  # the copy may still have been making it
        time.sleep(0.05)
    assert folders_of(program.pid) == []
