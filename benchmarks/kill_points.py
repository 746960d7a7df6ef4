"""Kill `dbs prove` at random moments and look at what it leaves.

Each run gets one of SIGINT, SIGTERM and SIGKILL at a moment drawn over the time that an undisturbed
run takes. After it no process may be left that the run had started; after SIGINT and SIGTERM no
file may be left either; after SIGKILL the next run removes what is left. The next run must end as
the undisturbed one.

    python benchmarks/kill_points.py
    python benchmarks/kill_points.py --runs 200 --seed 7
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

DBS = Path(sys.executable).with_name("dbs")
SHOP = Path(__file__).parent.parent / "examples" / "shop"
COMMAND = [str(DBS), "prove", str(SHOP), "--snapshot", str(SHOP / "prod.snapshot")]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
#: How long what a run has started may outlive it.
GRACE_SECONDS = 5.0
SAID = "dbs: interrupted; nothing is left running\n"


@dataclass(frozen=True)
class Ended:
    """One disturbed run, and what was wrong with it."""

    how: signal.Signals
    after: float
    status: int
    wrong: tuple[str, ...]


def disturbed(how: signal.Signals, after: float, scratch: Path) -> Ended:
    """Start a run, send it a signal after some seconds, and look at what it leaves."""
    before = set(scratch.rglob("*"))
    process = subprocess.Popen(
        COMMAND,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after)
    started = started_by(process)
    process.send_signal(how)
    _, said = process.communicate()
    found = running(started, scratch)
    # SIGKILL leaves files for the next run; and the run may have been faster than the signal.
    if how is not signal.SIGKILL and process.returncode not in {0, 1, -how}:
        if process.returncode != 2 or said != SAID:
            found.append(f"ended with {process.returncode} and said {said.strip()!r}")
        left = {path for path in scratch.rglob("*") if path.parent != scratch} - before
        found += [f"left {path}" for path in sorted(left)[:1]]
    return Ended(how, after, process.returncode, tuple(found))


def started_by(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """List the processes below a run."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def running(started: Sequence[psutil.Process], scratch: Path) -> list[str]:
    """Say which processes of a run are still there after a while."""
    _, alive = psutil.wait_procs(started, timeout=GRACE_SECONDS)
    alive += [item for item in psutil.process_iter() if str(scratch) in " ".join(line_of(item))]
    return [f"still runs: {' '.join(line_of(item))[:100]}" for item in set(alive)]


def line_of(process: psutil.Process) -> list[str]:
    """Return a process's command line, empty where it has ended."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def undisturbed(scratch: Path) -> tuple[int, float, list[Path]]:
    """Run to the end; return the status, the seconds it took and what it left."""
    started = time.perf_counter()
    ended = subprocess.run(
        COMMAND,
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    left = [path for path in scratch.rglob("*") if path.parent != scratch]
    return ended.returncode, seconds, left


def main() -> int:
    """Do all runs, print the figures, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="k") as folder:
        scratch = Path(folder)
        scratch.chmod(0o711)  # as root the server has another account, which must get here
        status, seconds, _ = undisturbed(scratch)
        print(f"undisturbed: status {status}, {seconds:.2f} s")
        ended = []
        for number in range(options.runs):
            how = SIGNALS[number % len(SIGNALS)]
            ended.append(disturbed(how, draw.uniform(0, seconds), scratch))
            for text in ended[-1].wrong:
                print(f"{how.name} after {ended[-1].after:.2f} s: {text}")
        after, again, left = undisturbed(scratch)
    for how in SIGNALS:
        runs = [item for item in ended if item.how is how]
        told = ", ".join(f"{n} × {code}" for code, n in Counter(i.status for i in runs).items())
        print(f"{how.name}: {len(runs)} runs, status {told}; wrong {sum(map(_is_wrong, runs))}")
    print(f"the next run: status {after}, {again:.2f} s, {len(left)} files left")
    return int(any(map(_is_wrong, ended)) or after != status or bool(left))


def _is_wrong(item: Ended) -> bool:
    return bool(item.wrong)


if __name__ == "__main__":
    sys.exit(main())
