"""Stages prepared beforehand, by programs of their own, since these must have one thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_BEGUN = """
import os, signal, sys
from dbspecialist.twins import stage_beforehand
from dbspecialist.twins.beforehand import folder_made_meanwhile
with folder_made_meanwhile():
    from dbspecialist.facts.catalogue import Catalogue, SchemaObject
    from dbspecialist.facts.snapshot import Snapshot
    from dbspecialist.twins.cluster import launch_beforehand
    from dbspecialist.twins.folders import own_name
    from dbspecialist.twins.installation import runtime_folder
    from dbspecialist.twins.stage import open_stage
    launch_beforehand()
    table = SchemaObject("table", "public.items", create="CREATE TABLE public.items (id int)")
    snapshot = Snapshot(
        engine="postgresql", server_version=180000, database="shop", source="shop",
        captured_at="2026-01-01T00:00:00+00:00", catalogue=Catalogue((table,)),
    )
    def tables(stage, database):
        with stage.admin(database) as admin:
            return admin.execute("SELECT to_regclass('public.items')::text").fetchone()
    with stage_beforehand.stage_prepared_meanwhile(snapshot, 1.0):
        {body}
print([item.name for item in runtime_folder().glob(f"?{{own_name()}}-*")])
"""

_TAKEN = """
        with open_stage(snapshot) as stage:
            print(stage.template, tables(stage, stage.template))
            with stage.database() as one, stage.database() as two, stage.database() as three:
                print(*(tables(stage, name) for name in (one, two, three)))
                print(len({one, two, three}), stage.copies)
            with open_stage(None, cluster=stage.cluster, ready=None) as other:
                print(tables(other, other.template))
            print(stage.empty, tables(stage, stage.empty[0]))
"""

_OF_ANOTHER = """
        with open_stage(None) as stage:
            print(stage.template, tables(stage, stage.template))
"""

_ENDED = """
        os.kill(stage_beforehand._begun[0].process, signal.SIGKILL)
        with open_stage(snapshot) as stage:
            print(stage.template, tables(stage, stage.template), stage.copies)
"""

_SLOW = """
        import time
        print(stage_beforehand._begun[0].process, flush=True)
        for _ in range(600):  # a signal that comes just before one long sleep is heard after it
            time.sleep(0.1)
"""


def run(body: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _BEGUN.format(body=body.strip())],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_stage_of_the_snapshot_is_taken_with_its_copies_and_an_empty_one() -> None:
    assert run(_TAKEN) == [
        "stage_beforehand ('public.items',)",
        "('public.items',) ('public.items',) ('public.items',)",
        "3 []",
        "(None,)",
        "['stage_beforehand_empty'] (None,)",
        "[]",
    ]


def test_stage_of_another_snapshot_is_not_taken() -> None:
    assert run(_OF_ANOTHER) == ["stage_0 (None,)", "[]"]


def test_stage_whose_preparation_ended_is_prepared_again() -> None:
    assert run(_ENDED) == ["stage_0 ('public.items',) []", "[]"]


def test_interrupt_while_a_stage_is_prepared_leaves_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _BEGUN.format(body=_SLOW.strip())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        os.killpg(program.pid, signal.SIGINT)
        program.wait(20)
    left = subprocess.run(["pgrep", "-g", str(program.pid)], capture_output=True, check=False)
    assert left.stdout == b""


def test_process_that_prepares_ends_with_its_owner() -> None:
    # The server is stopped, so that the process waits for it.
    body = _SLOW.replace("print(", "stage_beforehand._begun[0].cluster.stop(); print(")
    with subprocess.Popen(
        [sys.executable, "-c", _BEGUN.format(body=body.strip())], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        process = int(program.stdout.readline())
        program.kill()
    deadline = time.monotonic() + 10
    while (running := is_running(process)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not running


def is_running(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
