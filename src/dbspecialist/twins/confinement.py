"""Confinement: what we start on behalf of a migration gets no network and ends with us.

On Linux a process is put into a network namespace of its own, which has no way out; the twin is
reached over a unix socket, which namespaces do not part (unix(7)). Where the kernel refuses that
(a container without the right) a filter refuses every socket that has no path.

The server is held further: it reads PostgreSQL's and the system's libraries, writes to its own
folder, starts no program but itself (landlock(7)) and connects to nothing at all (seccomp(2)). Its
superuser is held as well, whom a snapshot's own SQL may turn into anything.

`gaps` says what of it this machine lacks, for the report.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dbspecialist.twins import landlock, seccomp

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
# Loaded before any fork: a child may not take the loader's lock.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

#: What PostgreSQL and the C library read beside their own files. Not /proc: it shows the
#: environments of other processes.
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group"),
    *("/dev/null", "/dev/zero", "/dev/urandom"),
)
#: Where loaders of programs lie (glibc, Debian's multiarch, musl); the kernel starts a program
#: through one.
_LOADERS = ("lib*/ld-*.so*", "lib/*-linux-gnu*/ld-*.so*", "nix/store/*-glibc-*/lib/ld-*.so*")

#: The largest file that a project's program may write: what it says goes to one.
LARGEST_FILE = 1 << 30

#: A program that does nothing, to try things with; PATH may name none.
_NOTHING = ["/bin/true"] if Path("/bin/true").exists() else [sys.executable, "-I", "-S", "-c", ""]


@dataclass(slots=True)
class Confinements:
    """What this machine was seen to give; what it was not is tried again."""

    network_is_cut: bool = False
    calls_are_filtered: bool = False
    server_is_held: bool = False


_told_beforehand = Confinements()


def tried(program: Path) -> Confinements:
    """Try what this machine gives, with `postgres` at this path."""
    return Confinements(network_is_cut(), calls_are_filtered(), server_is_held(program))


def tell(seen: Confinements) -> None:
    """Take what another process has tried for this one."""
    _told_beforehand.network_is_cut = seen.network_is_cut
    _told_beforehand.calls_are_filtered = seen.calls_are_filtered
    _told_beforehand.server_is_held = seen.server_is_held


def confined(
    account: tuple[int, int] | None = None,
    end_with: signal.Signals = signal.SIGKILL,
    held: landlock.Ruleset | None = None,
) -> Callable[[], None]:
    """Return what a child runs between fork and exec.

    Args:
        account: User and group to become, where we are root.
        end_with: The signal that the child gets when the thread that started it ends.
        held: The ruleset of a server, which also makes no connection.
    """
    cut = network_is_cut()
    calls = None
    if calls_are_filtered() and (held is not None or not cut):
        calls = seccomp.filtering(connecting=held is None)

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
        if held is None:
            _bound()
        else:
            held.enter()
        if calls is not None:
            seccomp.enter(calls)

    return confine


def end_with_owner(owner: int) -> None:
    """Have this process, a copy of its owner, be killed when that ends (prctl(2))."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:  # it has ended before
        os._exit(1)


def _bound() -> None:
    """Bound what a project's program can do to the machine, between fork and exec."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if _LIBC is not None:
        # It adopts what the programs that it starts leave behind, so that this is found.
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        # Where memory runs out it ends before anybody else (proc(5)).
        Path("/proc/self/oom_score_adj").write_text("1000")


@contextlib.contextmanager
def server_ruleset(program: Path, folder: Path) -> Iterator[landlock.Ruleset]:
    """Make the ruleset of a server, which holds nobody where `server_is_held` says no.

    Args:
        program: The path of `postgres`.
        folder: Its own folder, the only one that it writes to.
    """
    if not server_is_held(program):
        yield landlock.Ruleset()
        return
    with landlock.ruleset(_server_reach(program, folder)) as made:
        yield made


def _server_reach(program: Path, folder: Path | None) -> landlock.Reach:
    # A program's folder may be a link (Debian, Nix): both ends are read.
    roots = {path.parent.parent for path in (program, program.resolve())}
    # A wheel's shared libraries lie beside its package (auditwheel).
    places = [root.parent for root in roots if root.parent.name]
    wheels = [place.with_name(f"{place.name}.libs") for place in places]
    return landlock.Reach(
        own=(folder,) if folder else (),
        read=(*roots, *wheels, *map(Path, _SYSTEM)),
        execute=(program, program.resolve(), *_loaders()),
    )


@cache
def _loaders() -> tuple[Path, ...]:
    return tuple({found for path in _LOADERS for found in Path("/").glob(path)})


@cache
def server_is_held(program: Path) -> bool:
    """Tell whether servers are held to their files here, tried once with `postgres --version`."""
    return _told_beforehand.server_is_held or _holds(program)


def _holds(program: Path) -> bool:
    if not landlock.version():
        return False
    try:
        with landlock.ruleset(_server_reach(program, None)) as made:
            subprocess.run(
                [program, "--version"],
                preexec_fn=made.enter,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@cache
def network_is_cut() -> bool:
    """Tell whether children get a network of their own here, tried once with a child."""
    return _told_beforehand.network_is_cut or _runs(cut_network)


@cache
def calls_are_filtered() -> bool:
    """Tell whether system calls of children can be refused here, tried once with a child."""
    if not seccomp.is_known_here():
        return False
    if _told_beforehand.calls_are_filtered:
        return True
    calls = seccomp.filtering(connecting=True)
    return _runs(lambda: seccomp.enter(calls))


def _runs(confine: Callable[[], None]) -> bool:
    if _LIBC is None:
        return False
    try:
        subprocess.run(_NOTHING, preexec_fn=confine, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def gaps(program: Path) -> tuple[str, ...]:
    """Say what confinement this machine does not give, one sentence each.

    Args:
        program: The path of `postgres`.
    """
    found = []
    if not network_is_cut() and not calls_are_filtered():
        found.append("this system has no network namespaces and no seccomp filters")
    if not server_is_held(program):
        found.append("this kernel has no Landlock, which would keep the server to its own files")
    return tuple(found)


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
