"""The pace, the estimate, and how progress and reports read."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backfill_target import ROLE, prepare, role_url, value

from dbspecialist.cli._backfill_progress import described
from dbspecialist.engines.postgresql.backfill.pace import Pace
from dbspecialist.facts.backfill import BackfillLimits, BackfillState, BackfillStep
from dbspecialist.proofs.backfill.estimate import estimate
from dbspecialist.proofs.rates import Rates
from dbspecialist.reports._backfill import render
from dbspecialist.tasks.backfill import backfill
from dbspecialist.twins.cluster import Cluster

DBS = Path(sys.executable).with_name("dbs")
Database = psycopg.Connection[Any]
ONCE = "UPDATE users SET n = n + 1"


def test_batches_grow_and_shrink_to_their_target_time() -> None:
    pace = Pace(BackfillLimits(batch_rows=1000, largest_batch=2000, target_ms=500))
    assert (pace.done(1000, 100), pace.rows) == (25, 1500)
    assert (pace.done(1500, 100), pace.rows) == (25, 2000)  # the largest
    assert (pace.done(2000, 1000), pace.rows) == (250, 1000)
    assert (pace.done(1000, 4000), pace.rows) == (4000, 500)  # a busy server rests as long
    assert (pace.done(20, 1), pace.rows) == (0.25, 500)  # a part of a batch tells nothing


def test_refused_batches_come_back_smaller_after_longer_pauses() -> None:
    pace = Pace(BackfillLimits(batch_rows=8), random.Random(1))
    pauses = [pace.refused() for _ in range(10)]
    assert pace.rows == 1
    for number, pause in enumerate(pauses):
        whole = min(10_000, 50 * 2**number)
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) == 10
    pace.done(1, 1)
    assert pace.refused() <= 50


def test_pause_that_is_given_is_kept() -> None:
    pace = Pace(BackfillLimits(pause_ms=7))
    assert (pace.done(1000, 100), pace.done(1000, 9000)) == (7, 7)


def test_estimate_counts_batches_by_time_and_by_rows() -> None:
    rates = Rates(1e9, 1e9, 1e6, 1e6, modify_rows=100_000)
    limits = BackfillLimits(target_ms=505, largest_batch=50_000)
    takes = estimate(10_000_000, 10_000_000, rates, limits, "assumed")
    assert takes.batches == 210  # 105 s of work, half a second each
    assert round(takes.duration_ms / 1000) == 133  # a quarter of rest
    read = estimate(10_000_000, 0, rates, limits, "assumed")
    assert (read.batches, round(read.duration_ms / 1000)) == (200, 8)


def state(**given: Any) -> BackfillState:
    known: dict[str, Any] = {"upper_key": ("9",), "last_key": None, "passes": 1, "batches": 3}
    known |= {"keys": 0, "rows": 0, "pass_rows": 0, "estimate": 0}
    return BackfillState("job", 1, **{**known, **given})


def test_bar_tells_batches_and_passes() -> None:
    assert described(BackfillStep(state(), 1500)) == "batch 3 of 1,500 rows"
    assert described(BackfillStep(state(passes=2), 9)) == "looking for rows left, pass 2"


@pytest.fixture
def url(cluster: Cluster, database: Database) -> str:
    prepare(database)
    return role_url(cluster, database)


def test_dry_run_reads_the_database_alone(url: str, database: Database) -> None:
    before = value(database, "SELECT pg_current_xact_id()::text::bigint")
    report = backfill(ONCE + " WHERE id > 100", database=url, dry_run=True)
    assert value(database, "SELECT pg_current_xact_id()::text::bigint") <= before + 2
    assert value(database, "SELECT to_regclass('dbs_backfills')") is None
    text = render(report, "text")
    assert "dry run; nothing was written" in text
    assert "about 400 of 500 rows, 1 batch, " in text
    assert "(estimated: rows as the planner knows them, rates of this machine)" in text
    assert json.loads(render(report, "json"))["estimate"]["matching"] == 400


def test_command_shows_a_bar_on_a_terminal_alone(
    url: str, database: Database, tmp_path: Path
) -> None:
    receipt = tmp_path / "receipt.json"
    backfill(ONCE, database=url, plan=receipt)
    mine, theirs = os.openpty()
    command = [str(DBS), "migrate", "backfill", "--receipt", str(receipt), "--role", ROLE]
    ended = subprocess.run(
        [
            *command,
            "--database",
            url,
            "--batch-rows",
            "50",
            "--largest-batch",
            "50",
            "--batch-time",
            "60s",
        ],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        check=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    said = os.read(mine, 65_536).decode()
    os.close(mine)
    assert "rows/s" in said
    assert "batch 10 of 50 rows" in said
    assert "500 rows changed, 500 looked at, in 10 batches" in ended.stdout


def test_deadlock_is_left_by_the_batch(
    cluster: Cluster, url: str, database: Database, tmp_path: Path
) -> None:
    """The application holds row 400 and comes for row 1, which the batch holds."""
    receipt = tmp_path / "receipt.json"
    backfill(ONCE, database=url, plan=receipt)
    ended: list[str] = []

    def application() -> None:
        with cluster.connect(database.info.dbname) as other, other.transaction():
            other.execute("UPDATE users SET note = 'a' WHERE id = 400")
            held.set()
            time.sleep(0.15)
            other.execute("UPDATE users SET note = 'a' WHERE id = 1")
            ended.append("committed")

    held = threading.Event()
    thread = threading.Thread(target=application)
    thread.start()
    held.wait(10)
    waited: list[str] = []

    def told(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep) and step.waiting:
            waited.append(step.waiting)

    backfill(database=url, receipt=receipt, role=ROLE, progress=told)
    thread.join()
    assert ended == ["committed"]
    assert set(waited) <= {"canceling statement due to lock timeout"}
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 500
    assert value(database, "SELECT count(*) FROM users WHERE note = 'a'") == 2
