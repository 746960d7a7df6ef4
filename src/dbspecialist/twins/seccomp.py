"""System calls that a process is refused: a filter of the kernel's (seccomp(2)).

It closes what namespaces and Landlock leave open: sockets that have a path. And it closes the
network where a container gives no namespaces, since it needs no rights.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence
from functools import cache

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES

# Instructions of the classic packet filter (linux/bpf_common.h).
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
# Offsets in struct seccomp_data.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_AF_UNIX = 1
#: Numbers of the x32 calls begin here on x86_64.
_X32 = 0x40000000

#: By machine: its AUDIT_ARCH, and the numbers of socket, connect, ptrace and io_uring_setup (whose
#: operations pass by filters).
_MACHINES = {
    "x86_64": (0xC000003E, 41, 42, (101, 425)),
    "aarch64": (0xC00000B7, 198, 203, (117, 425)),
}

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


@cache
def is_known_here() -> bool:
    """Tell whether the numbers of this machine's calls are known."""
    return _LIBC is not None and platform.machine() in _MACHINES


@cache
def filtering(*, connecting: bool) -> ctypes.Array[ctypes.c_char]:
    """Write the filter: no socket but those with a path, and on request no connection at all.

    Args:
        connecting: Whether connections may be made, to sockets with a path.
    """
    architecture, socket, connect, others = _MACHINES[platform.machine()]
    refused = others if connecting else (connect, *others)
    checks = [
        *_unless_equal(_ARCHITECTURE, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in refused:
        checks += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    checks += [
        (_EQUAL, 1, 0, socket),
        (_RETURN, 0, 0, _ALLOW),
        *_unless_equal(_FIRST_ARGUMENT, _AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
    ]
    packed = b"".join(struct.pack("=HBBI", *check) for check in checks)
    return ctypes.create_string_buffer(packed, len(packed))


def _unless_equal(offset: int, value: int) -> Sequence[tuple[int, int, int, int]]:
    """Refuse unless a word of the call is this."""
    return [(_LOAD, 0, 0, offset), (_EQUAL, 1, 0, value), (_RETURN, 0, 0, _REFUSE)]


def enter(instructions: ctypes.Array[ctypes.c_char]) -> None:
    """Hold this process to a filter, for good.

    Raises:
        OSError: Where the kernel refuses.
    """
    assert _LIBC is not None
    program = _Program(len(instructions) // 8, ctypes.addressof(instructions))
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if _LIBC.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
