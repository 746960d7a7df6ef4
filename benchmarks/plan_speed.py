"""Measure how long a plan takes, for a table of 10 rows and of 10^9, from start to end.

Each request is planned in a project of plain SQL by `dbs migrate new`, with a snapshot of that
size; its files are run on the twin, there and back. Seconds of the processor are those of all
processes, the server's with them, so that they hold on a busy machine too.

    python benchmarks/plan_speed.py
    python benchmarks/plan_speed.py --runs 5
"""

from __future__ import annotations

import argparse
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dbspecialist.engines.snapshot_file import write_snapshot
from dbspecialist.facts.statistics import RelationStatistics
from dbspecialist.tasks.sources import snapshot_of_sql

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, size integer NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric);
"""
REQUESTS = (
    "add-column users kind text --default \"'new'\"",
    "add-column users token uuid --default 'gen_random_uuid()' --not-null",
    "add-index orders total",
    "add-foreign-key orders user_id users",
    "rename-column users email mail",
    "change-type users size bigint",
)
SIZES = (10, 1_000_000_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args(arguments).runs
    print("| request | rows | wall s | processor s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="dbs-plan-") as name:
        root = Path(name)
        _prepare(root)
        for request in REQUESTS:
            for size in SIZES:
                found = [_measured(root, request, size) for _ in range(runs)]
                wall, processor = (statistics.median(column) for column in zip(*found, strict=True))
                print(f"| `{request}` | {size:,} | {wall:.2f} | {processor:.2f} |")
    return 0


def _prepare(root: Path) -> None:
    """Write the project, and a snapshot for each size."""
    file = root / "migrations" / "0001_start.sql"
    file.parent.mkdir()
    file.write_text(SCHEMA)
    file.with_name("0001_start.down.sql").write_text("DROP TABLE orders; DROP TABLE users;\n")
    made = snapshot_of_sql(file)
    for size in SIZES:
        relations = tuple(
            RelationStatistics(
                item.name, "table", size // 100 + 1, float(size), total_bytes=size * 80
            )
            for item in made.catalogue.of_kind("table")
        )
        write_snapshot(replace(made, relations=relations), root / f"{size}.snapshot")


def _measured(root: Path, request: str, size: int) -> tuple[float, float]:
    """Plan once; return seconds by the clock and of the processor."""
    program = Path(sys.executable).with_name("dbs")
    words = [str(program), "migrate", "new", *shlex.split(request)]
    before, started = _processor(), time.perf_counter()
    subprocess.run(
        [*words, "--snapshot", f"{size}.snapshot"], cwd=root, check=True, capture_output=True
    )
    return time.perf_counter() - started, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
