"""Measure how long proving takes, from the start of the process to its end.

Four tasks: `dbs --help`; one single-statement SQL migration; 100 of 20 kinds over a schema of 12
tables with a snapshot, a tenth of them with a hazard, each with a way back; an Alembic history of
300 revisions run and proven from zero. All checks are on.

    python benchmarks/prove_speed.py
    python benchmarks/prove_speed.py --runs 3 --only sql --json speed.json
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from generated_history import rows_sql, schema_sql, write_alembic, write_sql_files

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.engines.snapshot_file import write_snapshot
from dbspecialist.twins.cluster import start_cluster

MIB = 2**20
#: As if every table held 2,000,000 rows.
SCALE = "1000"
#: Statuses of a run that did its work: nothing found, something found.
DONE = (0, 1)


@dataclass(frozen=True)
class Measured:
    """One task: medians over its runs; memory is the peak of all its processes together."""

    task: str
    runs: int
    wall_s: float
    cpu_s: float
    memory_mib: float
    tools_memory_mib: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="dbs-speed-") as folder:
        tasks = _tasks(Path(folder), options)
        measured = [_measured(name, tasks[name], options) for name in options.only]
    print(_table(measured))
    if options.json:
        options.json.write_text(json.dumps([asdict(item) for item in measured], indent=2) + "\n")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how long proving takes.")
    parser.add_argument("--runs", type=int, default=5, help="runs of each task")
    parser.add_argument("--migrations", type=int, default=100, help="SQL files")
    parser.add_argument("--revisions", type=int, default=300, help="Alembic revisions")
    names = ("help", "single", "sql", "alembic")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these tasks")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--keep", type=Path, help="where the projects are written and stay")
    return parser.parse_args(arguments)


def _tasks(scratch: Path, options: argparse.Namespace) -> dict[str, list[str]]:
    folder = options.keep or scratch
    dbs = [sys.executable, "-c", "from dbspecialist.cli import program; program()"]
    if not (folder / "prod.snapshot").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_sql_files(folder / "one", 1)
        write_sql_files(folder / "many", options.migrations)
        write_alembic(folder / "alembic", options.revisions)
        _capture(folder / "prod.snapshot")
    production = ["--snapshot", str(folder / "prod.snapshot"), "--scale", SCALE]
    production += ["--from", "0000_schema", "--format", "json"]
    return {
        "help": [*dbs, "--help"],
        "single": [*dbs, "prove", str(folder / "one"), *production],
        "sql": [*dbs, "prove", str(folder / "many"), *production],
        "alembic": [*dbs, "prove", str(folder / "alembic"), "--format", "json"],
    }


def _capture(path: Path) -> None:
    with start_cluster() as cluster, cluster.connect() as connection:
        connection.execute(schema_sql().encode())
        connection.execute(rows_sql().encode())
        connection.execute("ANALYZE")
        write_snapshot(capture(cluster.url()), path)


def _measured(task: str, command: list[str], options: argparse.Namespace) -> Measured:
    _run(command)  # what is made once on a machine is made here
    times = [_run(command) for _ in range(options.runs)]
    memory, own = _memory(command)
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    return Measured(task, options.runs, wall, cpu, memory / MIB, own / MIB)


def _run(command: list[str]) -> tuple[float, float]:
    """Run a command; return its wall time and the processor time of all that it started."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in DONE:
        raise SystemExit(f"status {process.returncode}: {' '.join(command)}")
    return wall, used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    """Return our environment, in which what Python has compiled stays, as after an installation."""
    return {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def _memory(command: list[str]) -> tuple[int, int]:
    """Return the peak of proportional memory of all processes, and of the first alone."""
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, env=_environment())
    most = own = 0
    while process.poll() is None:
        sizes = [_size(item) for item in (process, *process.children(recursive=True))]
        most, own = max(most, sum(sizes)), max(own, sizes[0])
        time.sleep(0.05)
    return most, own


def _size(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it has ended meanwhile
        return 0


def _table(measured: Sequence[Measured]) -> str:
    head = "| task | runs | wall | processor time | memory | memory of the tool's own process |"
    rows = (
        f"| {item.task} | {item.runs} | {item.wall_s:.2f} s | {item.cpu_s:.2f} s"
        f" | {item.memory_mib:.0f} MiB | {item.tools_memory_mib:.0f} MiB |"
        for item in measured
    )
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
