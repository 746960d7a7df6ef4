"""Kill `dbs prove` at random moments and look at what it leaves.

Each run gets a signal at a moment drawn over the time that an undisturbed run takes; another run
beside it, with the same folder for twins, must end as if nothing had happened. Then no process may
be left that the run had started, after SIGINT and SIGTERM no file either. After SIGKILL a twin is
started: after that no process, no folder and no shared memory (/dev/shm, System V) may be left.

    python benchmarks/kill_points.py
    python benchmarks/kill_points.py --runs 30 --signal SIGINT --seed 7 --beside 2
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

DBS = Path(sys.executable).with_name("dbs")
SHOP = Path(__file__).parent.parent / "examples" / "shop"
PROVE = [str(DBS), "prove", str(SHOP), "--snapshot", str(SHOP / "prod.snapshot")]
NEXT = [
    sys.executable,
    "-c",
    "from dbspecialist.twins.cluster import start_cluster\nwith start_cluster(): pass",
]
#: How long what a run has started may outlive it.
GRACE_SECONDS = 5.0
SAID = "dbs: interrupted; nothing is left running\n"


@dataclass(frozen=True)
class Ended:
    """One disturbed run, what the kernel had to end for it, and what was wrong."""

    after: float
    status: int
    started: int
    left: int
    wrong: tuple[str, ...]


def disturbed(how: signal.Signals, after: float, scratch: Path, beside: int, status: int) -> Ended:
    """Start runs, send the first a signal after some seconds, and look at what it leaves."""
    memory = shared_memory()
    runs = [started(PROVE, scratch) for _ in range(beside + 1)]
    process = runs[0]
    time.sleep(after)
    below = below_of(process)
    process.send_signal(how)
    _, said = process.communicate()
    wrong = [f"still runs: {item}" for item in running(below)]
    # The run may have been faster than the signal.
    right = process.returncode in {status, -how} or (process.returncode == 2 and said == SAID)
    if how is not signal.SIGKILL and not right:
        wrong.append(f"ended with {process.returncode} and said {said.strip()!r}")
    for other in runs[1:]:
        _, said = other.communicate()
        if other.returncode != status:
            wrong.append(f"the run beside it ended with {other.returncode}: {said.strip()[-200:]}")
    left = folders(scratch)
    if how is signal.SIGKILL:
        _, said = started(NEXT, scratch).communicate()
        wrong += [f"the next start says {said.strip()[-200:]}"] if said else []
    wrong += [f"left {path.name}" for path in folders(scratch)]
    wrong += [f"left shared memory {name}" for name in sorted(shared_memory() - memory)]
    wrong += [f"still runs: {item}" for item in of_the_folder(scratch)]
    return Ended(after, process.returncode, len(below), len(left), tuple(wrong))


def started(command: Sequence[str], scratch: Path) -> subprocess.Popen[str]:
    """Start a command that has its twins in a folder."""
    return subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def below_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """List the processes below a run."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def running(below: Sequence[psutil.Process]) -> list[str]:
    """Say which of a run's processes are still there after a while."""
    _, alive = psutil.wait_procs(below, timeout=GRACE_SECONDS)
    return [line_of(item) for item in alive]


def of_the_folder(scratch: Path) -> Iterator[str]:
    """Yield the processes, of whomever, that work in the folder for twins."""
    for process in psutil.process_iter():
        if str(scratch) in (line := line_of(process)):
            yield line


def line_of(process: psutil.Process) -> str:
    """Return a process's command line, empty where it has ended."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())[:100]
    return ""


def folders(scratch: Path) -> list[Path]:
    """List what lies in the folder for twins."""
    return [path for place in scratch.glob("dbspecialist-*") for path in place.iterdir()]


def shared_memory() -> set[str]:
    """Name the shared memory that no process has, where Linux tells (sysvipc(7), proc(5))."""
    found = {path.name for path in Path("/dev/shm").glob("*")}
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            text = maps.read_text()
            found = {name for name in found if name not in text}
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
            _, number, _, _, maker, *_ = line.split()
            if not psutil.pid_exists(int(maker)):
                found.add(f"System V {number}")
    return found


def main() -> int:
    """Do all runs, print the figures, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--signal", type=lambda name: signal.Signals[name], default=signal.SIGKILL)
    parser.add_argument("--beside", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="k") as folder:
        scratch = Path(folder)
        scratch.chmod(0o711)  # as root the server has another account, which must get here
        begun = time.perf_counter()
        status = started(PROVE, scratch)
        status.communicate()
        seconds = time.perf_counter() - begun
        print(f"undisturbed: status {status.returncode}, {seconds:.2f} s", flush=True)
        ended = []
        for _ in range(options.runs):
            # Runs beside one another take longer than one alone.
            after = draw.uniform(0, seconds * (1 + options.beside))
            run = disturbed(options.signal, after, scratch, options.beside, status.returncode)
            ended.append(run)
            for text in run.wrong:
                print(f"after {after:.2f} s: {text}", flush=True)
    codes = ", ".join(f"{n} × {code}" for code, n in Counter(i.status for i in ended).items())
    wrong = sum(bool(item.wrong) for item in ended)
    print(f"{options.signal.name}: {len(ended)} runs, status {codes}")
    print(f"processes below them at that moment: {sum(item.started for item in ended)}")
    print(f"folders found by the next start: {sum(item.left for item in ended)}")
    print(f"runs that left anything: {wrong}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
