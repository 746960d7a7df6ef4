"""A stage prepared beforehand, in a process of its own, while this one still imports.

That process is a copy of this one (fork(2)), made when what prepares a stage is imported and there
is one thread. The server stays this process's own, and ends with it; the copy only speaks to it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.twins.beforehand import taken
from dbspecialist.twins.cluster import START_SECONDS, Cluster, remove_orphans
from dbspecialist.twins.confinement import end_with_owner
from dbspecialist.twins.stage_loading import Prepared, prepare, prepare_more

#: Only one is prepared beforehand, and no other stage's database has this name.
_TEMPLATE = "stage_beforehand"

#: For the effects and for the walk, which every migration is tried in.
_COPIES = 2


@dataclass(frozen=True, slots=True)
class _Preparing:
    """A process that prepares a stage, and where it tells what came of it."""

    process: int
    told: int
    cluster: Cluster
    snapshot: Snapshot | None
    scale: float


_begun: list[_Preparing] = []


@contextlib.contextmanager
def stage_prepared_meanwhile(snapshot: Snapshot | None, scale: float) -> Iterator[None]:
    """Prepare a stage from the block's beginning on, on a server that was launched beforehand.

    What nobody took is closed at the block's end.

    Args:
        snapshot: What the stage stands for; whoever opens it names the same object.
        scale: By how much production's sizes are multiplied.
    """
    # An interrupt in between would leave a process that nobody knows of.
    with _interrupts_blocked():
        _begin(snapshot, scale)
    try:
        yield
    finally:
        while _begun:
            preparing = _begun.pop()
            _end(preparing)
            preparing.cluster.close()


def prepared_beforehand(snapshot: Snapshot | None, scale: float) -> Prepared | None:
    """Take the stage that was prepared for a snapshot once it is ready; its caller closes it.

    Returns:
        Nothing where there is none, or it failed: why is told where it is tried again.
    """
    if not _begun or _begun[0].snapshot is not snapshot or _begun[0].scale != scale:
        return None
    preparing = _begun[0]
    with open(preparing.told, encoding="utf-8", closefd=False) as pipe:
        text = pipe.read()
    _begun.remove(preparing)
    _end(preparing)
    if not text:
        preparing.cluster.close()
        return None
    left_out, milliseconds, copies, empty = json.loads(text)
    return Prepared(
        preparing.cluster, _TEMPLATE, tuple(left_out), milliseconds, tuple(copies), empty
    )


def _begin(snapshot: Snapshot | None, scale: float) -> None:
    """Start the process, where a server was launched and this process can be copied."""
    if sys.platform != "linux" or threading.active_count() > 1 or (cluster := taken()) is None:
        return
    owner = os.getpid()
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        _begun.append(_Preparing(process, reading, cluster, snapshot, scale))
        return
    try:
        end_with_owner(owner)
        os.close(reading)
        os.write(writing, _prepared(cluster, snapshot, scale))
    finally:
        os._exit(0)  # nothing of the copied process's own goes on, whatever comes


def _prepared(cluster: Cluster, snapshot: Snapshot | None, scale: float) -> bytes:
    remove_orphans()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not cluster.is_ready():
        time.sleep(0.004)
    made = prepare(cluster, _TEMPLATE, snapshot, scale)
    made = prepare_more(made, snapshot, 0 if snapshot is None else _COPIES)
    return json.dumps((made.left_out, made.milliseconds, made.copies, made.empty)).encode()


def _end(preparing: _Preparing) -> None:
    os.close(preparing.told)
    os.kill(preparing.process, signal.SIGKILL)
    os.waitpid(preparing.process, 0)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
