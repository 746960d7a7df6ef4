"""Confinement: what we start on behalf of a migration gets no network and ends with us.

On Linux a process is put into a network namespace of its own, which has no way out; the twin is
reached over a unix socket, which namespaces do not part (unix(7)). Where the kernel refuses that
(a container without the right, another system) the process runs all the same and
`network_is_cut` says so, for the report.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child may not take the loader's lock.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def confined(
    account: tuple[int, int] | None = None, end_with: signal.Signals = signal.SIGKILL
) -> Callable[[], None]:
    """Return what a child runs between fork and exec.

    Args:
        account: User and group to become, where we are root.
        end_with: The signal that the child gets when the thread that started it ends.
    """
    cut = network_is_cut()

    def confine() -> None:
        if cut:
            cut_network()
        if account is not None:
            os.setgroups([])
            os.setgid(account[1])
            os.setuid(account[0])
        if _LIBC is not None:
            # After the change of account, which clears it (prctl(2)).
            _LIBC.prctl(_PR_SET_PDEATHSIG, end_with)

    return confine


@cache
def network_is_cut() -> bool:
    """Tell whether children get no network here, tried once with a child."""
    if _LIBC is None:
        return False
    try:
        subprocess.run(["true"], preexec_fn=cut_network, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def cut_network() -> None:
    """Move this process into a network namespace of its own.

    Raises:
        OSError: Where the kernel refuses.
    """
    assert _LIBC is not None
    if os.geteuid() == 0:
        _unshare(_CLONE_NEWNET)
        return
    user, group = os.geteuid(), os.getegid()
    _unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    # Without a map the process would be nobody to itself (user_namespaces(7)).
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _unshare(flags: int) -> None:
    assert _LIBC is not None
    if _LIBC.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
