"""Whom a twin is for: the command that is run with it, or whoever waits for a signal to end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType

from dbspecialist.facts.errors import InputError

#: How often a waiting twin looks whether its owner is still there.
_GLANCE_SECONDS = 0.5


def wait_until_told(ready: Callable[[], object] | None = None) -> None:
    """Wait until SIGINT or SIGTERM comes or the process that started this one ends.

    Args:
        ready: Called first, with the signals heard already.
    """
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    owner = os.getppid()
    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if ready is not None:
            ready()
        while not told.wait(_GLANCE_SECONDS) and os.getppid() == owner:
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command with more variables than ours; return its status.

    Interrupts and SIGTERM go to the command.

    Raises:
        InputError: Where it cannot be started.
    """
    try:
        process = subprocess.Popen(list(command), env={**os.environ, **environment})
    except OSError as error:
        raise InputError(
            f"cannot be started ({error.strerror})", command[0], "name a program on PATH"
        ) from error
    with _passing_on(signal.SIGTERM, process):
        return _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a command; an interrupt reached it as well, and it decides."""
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return process.wait()


@contextlib.contextmanager
def _passing_on(number: signal.Signals, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Hand a signal to the command instead of ending before it; threads have no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, lambda _number, _frame: process.send_signal(number))
    try:
        yield
    finally:
        signal.signal(number, before)
