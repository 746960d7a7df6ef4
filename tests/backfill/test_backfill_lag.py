"""A backfill beside a real standby: it waits while that is behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from backfill_target import ROLE, prepare, value
from source_server import source_server

from dbspecialist.facts.backfill import BackfillLimits, BackfillStep
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.backfill import backfill
from dbspecialist.twins.installation import runtime_folder, server_account

BINARIES = Path("/usr/lib/postgresql/15/bin")
ONCE = "UPDATE users SET n = n + 1"

pytestmark = pytest.mark.needs_debian


@contextmanager
def standby(url: str) -> Iterator[str]:
    """Start a standby of a server and yield its URL."""
    folder = Path(tempfile.mkdtemp(prefix="standby", dir=runtime_folder()))
    account = server_account()
    options: dict[str, Any] = {"cwd": folder}
    if account is not None:
        os.chown(folder, *account)
        options |= {"user": account[0], "group": account[1], "extra_groups": []}
    data = str(folder / "data")
    copy = [str(BINARIES / "pg_basebackup"), "-d", url, "-D", data, "-R", "-c", "fast"]
    subprocess.run(copy, check=True, capture_output=True, **options)
    command = [str(BINARIES / "postgres"), "-D", data, "-k", str(folder), "-c", "listen_addresses="]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()
        shutil.rmtree(folder)


@pytest.fixture
def servers() -> Iterator[tuple[str, psycopg.Connection[Any], psycopg.Connection[Any]]]:
    with source_server(BINARIES) as url, psycopg.connect(url, autocommit=True) as primary:
        prepare(primary)
        with standby(url) as copy:
            deadline = time.monotonic() + 60
            while not value(primary, "SELECT count(*) FROM pg_stat_replication"):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            with psycopg.connect(copy, autocommit=True) as secondary:
                yield url.replace("postgres@", f"{ROLE}@"), primary, secondary


def test_job_waits_for_a_standby_that_is_behind(
    servers: tuple[str, psycopg.Connection[Any], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    url, primary, secondary = servers
    receipt = tmp_path / "receipt.json"
    backfill(ONCE, database=url, plan=receipt)
    limits = BackfillLimits(batch_rows=50, largest_batch=50, pause_ms=50.0, max_lag_ms=300.0)

    unseen = backfill(database=url, receipt=receipt, role=ROLE, limits=limits)
    assert unseen.notes == (
        "the lag of 1 standby was not seen; GRANT pg_read_all_stats to the role",
    )

    primary.execute(f"GRANT pg_read_all_stats TO {ROLE}")
    backfill(ONCE, database=url, plan=receipt)
    secondary.execute("SELECT pg_wal_replay_pause()")
    waited: list[str] = []

    def told(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep) and step.waiting:
            waited.append(step.waiting)
            if len(waited) == 3:
                secondary.execute("SELECT pg_wal_replay_resume()")

    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=limits, progress=told)
    assert len(waited) >= 3
    assert all(line.startswith("a standby is ") and line.endswith(" behind") for line in waited)
    assert ended.state is not None
    assert (ended.state.rows, ended.notes) == (500, ())
    assert value(primary, "SELECT count(*) FROM users WHERE n = 2") == 500


def test_standby_is_not_written_to(
    servers: tuple[str, psycopg.Connection[Any], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    url, _, secondary = servers
    receipt = tmp_path / "receipt.json"
    backfill(ONCE, database=url, plan=receipt)
    host = parse_qs(urlsplit(url).query)["host"][0]
    copy = url.replace(host, secondary.info.host)
    with pytest.raises(InputError, match=r"the server is a standby; connect to the primary"):
        backfill(database=copy, receipt=receipt, role=ROLE)
