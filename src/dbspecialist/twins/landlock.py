"""Landlock: a process that reads, writes and executes only what is listed (landlock(7)).

Nothing but the kernel's own interface is used: three system calls, which have these numbers on
every architecture. What is open already stays open, and what a process starts is held as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
MAKE_SYM = 1 << 12
#: Rights to files by the version of the interface that brought them.
_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
#: Version 4: bind and connect of TCP; 6: abstract sockets and signals to processes outside.
_TCP, _SCOPES = 3, 3

READ = READ_FILE | READ_DIR
#: What may be done in a folder of one's own. Without symbolic links: whoever writes to the folder
#: from outside, with more rights, is not to be led away.
_NOT_OWN = EXECUTE | MAKE_SYM
_ONLY_FILES = EXECUTE | WRITE_FILE | READ_FILE | (1 << 14)

# Loaded before any fork: a child may not take the loader's lock.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Reach:
    """What a process may do with files; it may do nothing else with any.

    Args:
        own: Folders to write in.
        read: Files and folders to read.
        execute: Programs to start.
    """

    own: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    execute: tuple[Path, ...] = ()

    def rules(self) -> Iterable[tuple[Path, int]]:
        """Yield paths and what may be done below them; those that are not there are skipped."""
        rights = [(path, _all() & ~_NOT_OWN) for path in self.own]
        rights += [(path, READ) for path in self.read]
        rights += [(path, READ | EXECUTE) for path in self.execute]
        return [(path, right) for path, right in rights if path.exists()]


@dataclass
class Ruleset:
    """A ruleset of the kernel: made in the parent, taken on in the child."""

    descriptor: int | None = None

    def enter(self) -> None:
        """Hold this process to the ruleset, for good.

        Raises:
            OSError: Where the kernel refuses.
        """
        if self.descriptor is None or _LIBC is None:
            return
        _checked(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_LIBC.syscall(_RESTRICT_SELF, self.descriptor, 0))


@cache
def version() -> int:
    """Return the version of the kernel's interface, 0 where it has none or it is switched off."""
    if _LIBC is None:
        return 0
    return max(0, int(_LIBC.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


@contextlib.contextmanager
def ruleset(reach: Reach) -> Iterator[Ruleset]:
    """Make a ruleset, which holds nobody where the kernel has no Landlock.

    Raises:
        OSError: Where the kernel refuses.
    """
    if not version():
        yield Ruleset()
        return
    descriptor = _create()
    try:
        for path, right in reach.rules():
            _add(descriptor, path, right)
        yield Ruleset(descriptor)
    finally:
        os.close(descriptor)


def _all() -> int:
    known = [right for since, right in _RIGHTS.items() if since <= version()]
    return sum(known)


def _create() -> int:
    assert _LIBC is not None
    network = _TCP if version() >= 4 else 0
    scopes = _SCOPES if version() >= 6 else 0
    handled = struct.pack("=QQQ", _all(), network, scopes)
    return _checked(_LIBC.syscall(_CREATE_RULESET, handled, _size(), 0))


def _size() -> int:
    """Return how much of the structure this kernel knows; it refuses what it does not."""
    if version() >= 6:
        return 24
    return 16 if version() >= 4 else 8


def _add(descriptor: int, path: Path, right: int) -> None:
    assert _LIBC is not None
    # O_PATH: it names the file and opens nothing.
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = right & _all()
        if not path.is_dir():
            allowed &= _ONLY_FILES
        rule = struct.pack("=Qi", allowed, place)
        _checked(_LIBC.syscall(_ADD_RULE, descriptor, _PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
