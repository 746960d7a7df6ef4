"""Work on a twin in a process of its own: a defect of SQLite's library ends that one alone."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.confinement import end_with_owner

T = TypeVar("T")


class ChildEndedError(Exception):
    """The process was ended by a signal; `signal` is its name."""

    def __init__(self, name: str) -> None:
        self.signal = name
        super().__init__(f"SQLite ended with {name}")


def in_child(work: Callable[[], T]) -> T:
    """Call a function in a copy of this process and return what it returns.

    Raises:
        ChildEndedError: Where a signal ends the copy.
        InputError: Where the function raises one.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    owner = os.getpid()
    process = os.fork()
    if process == 0:
        end_with_owner(owner)
        os.close(reading)
        _answer(work, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            found = pipe.read()
    except BaseException:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        raise ChildEndedError(signal.Signals(os.WTERMSIG(status)).name)
    kind, value = pickle.loads(found)  # our own copy wrote it
    if kind == "input":
        raise InputError(*value)
    if kind == "raised":
        raise value
    result: T = value
    return result


def _answer(work: Callable[[], T], writing: int) -> None:
    """Write what the work gives, and end without what this process does at its end."""
    answer: tuple[str, object]
    try:
        answer = ("done", work())
    except InputError as error:
        answer = ("input", (error.what, error.where, error.todo))
    except BaseException as error:  # noqa: BLE001 - it is raised again in the parent
        answer = ("raised", error)
    with os.fdopen(writing, "wb") as pipe:
        pickle.dump(answer, pipe)
    os._exit(0)
