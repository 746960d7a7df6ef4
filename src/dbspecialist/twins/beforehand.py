"""A server's folder made beforehand, in a process of its own, while this one still imports.

That process is a copy of this one (fork(2)), made before there are other threads. The folder bears
the name of this process, so that it is removed with it whatever happens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbspecialist.twins.cluster import Cluster
    from dbspecialist.twins.installation import Installation

#: What names of such folders begin with until somebody takes them.
_UNTAKEN, _TAKEN = "b", "t"


@dataclass(frozen=True, slots=True)
class _Making:
    """A process that makes a folder, and where it tells what it made."""

    process: int
    told: int


_begun: list[_Making] = []
#: Servers that were launched in such folders.
_launched: list[Cluster] = []


@contextlib.contextmanager
def folder_made_meanwhile() -> Iterator[None]:
    """Have a server's folder made from the block's beginning on; what nobody took is removed."""
    begun = _begin()
    try:
        yield
    finally:
        if begun is not None and begun in _begun:
            _begun.remove(begun)
            _abandon(begun)
        while (cluster := taken()) is not None:
            cluster.close()


def keep(cluster: Cluster) -> None:
    """Keep a server until it is taken, or for the block's end to close."""
    _launched.append(cluster)


def taken() -> Cluster | None:
    """Take a server that was launched beforehand, or nothing where there is none."""
    return _launched.pop() if _launched else None


def made_beforehand() -> tuple[Path, Installation] | None:
    """Take the folder that was made beforehand once it is whole, or nothing."""
    if not _begun:
        return None
    from dbspecialist.twins import confinement
    from dbspecialist.twins.folders import remove_at_exit
    from dbspecialist.twins.installation import Installation

    remove_at_exit()
    making = _begun.pop()
    with os.fdopen(making.told, encoding="utf-8") as pipe:
        told = pipe.read().split("\0")
    _, status = os.waitpid(making.process, 0)
    if status:  # what is wrong is told where it is tried again
        return None
    made, programs, version, *seen = told
    confinement.tell(confinement.Confinements(*map(bool, seen)))
    folder = Path(made)
    return folder.rename(folder.with_name(_TAKEN + folder.name[1:])), Installation(
        Path(programs), version
    )


def _begin() -> _Making | None:
    """Start the process that makes a folder, where one can be copied from this one."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return None
    owner = os.getpid()
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        making = _Making(process, reading)
        _begun.append(making)
        return making
    status = 1
    try:
        os.close(reading)
        _make(owner, writing)
        status = 0
    finally:
        os._exit(status)  # nothing of the copied process's own goes on, whatever comes


def _make(owner: int, writing: int) -> None:
    from dbspecialist.twins import confinement
    from dbspecialist.twins.templates import make_folder

    confinement.end_with_owner(owner)
    folder, installation = make_folder(_UNTAKEN, owner)
    # Each is tried with a program, which takes 4 ms.
    seen = confinement.tried(Path(installation.program("postgres")))
    held = (seen.network_is_cut, seen.calls_are_filtered, seen.server_is_held)
    told = (str(folder), str(installation.bin), installation.version)
    os.write(writing, "\0".join((*told, *("yes" * item for item in held))).encode())


def _abandon(making: _Making) -> None:
    """End the process and remove what it has made."""
    from dbspecialist.twins.folders import remove_own_folders

    os.kill(making.process, signal.SIGKILL)
    os.waitpid(making.process, 0)
    os.close(making.told)
    remove_own_folders(_UNTAKEN)
