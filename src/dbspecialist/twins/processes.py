"""Programs of a project that are started for it, and that end with all they started.

Such a program leads a process group. What leaves the group is found as its descendant, for which
it adopts orphans (Linux: PR_SET_CHILD_SUBREAPER); what outlives it, because it ended first or its
owner was killed, by a variable of its environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

from dbspecialist.twins.folders import own_name

if TYPE_CHECKING:
    import psutil

#: The variable that names a program's owner and the program.
VARIABLE = "DBSPECIALIST_STARTED"
#: How often is looked again for processes that were started while others were ended.
_ROUNDS = 50
#: How long the kernel may take to end what was killed.
_SECONDS = 5.0


def marked(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment by which a program and what it starts is found again."""
    return {**environment, VARIABLE: f"{own_name()}.{uuid4().hex}"}


def end_program(process: subprocess.Popen[bytes], environment: Mapping[str, str]) -> None:
    """Kill a program that leads a group, its group, and what left the group.

    Args:
        process: The program.
        environment: What it was started with, as `marked` returns it.
    """
    below = _descendants(process.pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    _kill(below)
    end_marked(environment[VARIABLE])
    process.wait()


def end_marked(mark: str) -> None:
    """Kill the processes whose mark begins so, and those that they start meanwhile."""
    import psutil  # where something may have been left

    for _ in range(_ROUNDS):
        found = [item for item in psutil.process_iter() if _mark_of(item).startswith(mark)]
        if not found:
            return
        _kill(found)


def _mark_of(process: psutil.Process) -> str:
    import psutil

    try:
        return process.environ().get(VARIABLE, "")
    except (psutil.Error, OSError):  # it has ended, or is of another account
        return ""


def _descendants(process: int) -> list[psutil.Process]:
    import psutil

    try:
        return psutil.Process(process).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(processes: list[psutil.Process]) -> None:
    import psutil

    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.kill()
    psutil.wait_procs(processes, timeout=_SECONDS)
