"""A backfill killed at random moments; the whole of it is benchmarks/backfill_kill_points.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "backfill_kill_points.py"


@pytest.mark.timeout(120)
def test_no_row_is_lost_done_twice_or_overwritten() -> None:
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), "--runs", "6", "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.endswith("nothing lost, done twice or overwritten\n")
    kills = re.search(r"kill: (\d+)", ended.stdout)
    assert kills is not None
    assert int(kills[1]) >= 3
