"""A backfill that is killed, cut off, raced and overtaken."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backfill_target import ROLE, prepare, role_url, value

from dbspecialist.engines.postgresql.backfill.session import APPLICATION
from dbspecialist.facts.backfill import BackfillLimits, BackfillStep
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.backfill import backfill
from dbspecialist.twins.cluster import Cluster, start_cluster

Database = psycopg.Connection[Any]
Told = Callable[[str | BackfillStep], None]
DBS = Path(sys.executable).with_name("dbs")
FAST = BackfillLimits(batch_rows=50, largest_batch=50, pause_ms=0.0, target_ms=60_000.0)
ONCE = "UPDATE users SET n = n + 1"


@pytest.fixture
def url(cluster: Cluster, database: Database) -> str:
    prepare(database)
    return role_url(cluster, database)


@pytest.fixture
def receipt(url: str, tmp_path: Path) -> Path:
    backfill(ONCE, database=url, plan=tmp_path / "receipt.json")
    return tmp_path / "receipt.json"


def after(batches: int, act: Callable[[], object]) -> Told:
    """Return a progress that does something once, after some batches."""
    left = [act]

    def told(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep) and step.state.batches == batches and left:
            left.pop()()

    return told


def cut(database: Database) -> None:
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = %s AND datname = current_database()",
        [APPLICATION],
    )


def done_once(database: Database) -> bool:
    return bool(value(database, "SELECT bool_and(n = 1) FROM users"))


def test_command_goes_on_after_a_kill(
    url: str, receipt: Path, database: Database, tmp_path: Path
) -> None:
    command = [str(DBS), "migrate", "backfill", "--receipt", str(receipt), "--role", ROLE]
    slow = [*command, "--batch-rows", "10", "--largest-batch", "10", "--pause", "50ms"]
    environment = {**os.environ, "DBS_DATABASE_URL": url}
    process = subprocess.Popen(slow, env=environment)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        time.sleep(0.05)
        if value(database, "SELECT count(*) FROM users WHERE n = 1"):
            break
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert 0 < value(database, "SELECT count(*) FROM users WHERE n = 1") < 500

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(
        r"^job [0-9a-f]{16} is done: 500 rows changed, 500 looked at, in \d+ batches\n"
        r"begun 20.*Z, ended 20.*Z, 2 starts$",
        ended.stdout,
        re.MULTILINE,
    ), ended.stdout
    assert done_once(database)


def test_command_that_is_terminated_says_so(url: str, receipt: Path, database: Database) -> None:
    command = [str(DBS), "migrate", "backfill", "--receipt", str(receipt), "--role", ROLE]
    slow = [*command, "--batch-rows", "1", "--largest-batch", "1", "--pause", "1s"]
    with subprocess.Popen(
        slow, env={**os.environ, "DBS_DATABASE_URL": url}, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 30
        while not value(database, "SELECT count(*) FROM users WHERE n = 1"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert (process.returncode, said) == (2, "dbs: interrupted; nothing is left running\n")


def test_job_goes_on_after_its_session_was_ended(
    url: str, receipt: Path, database: Database
) -> None:
    told = after(3, lambda: cut(database))
    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=told)
    assert ended.state is not None
    assert (ended.state.fence, ended.state.batches, ended.state.rows) == (2, 10, 500)
    assert done_once(database)


def test_job_goes_on_after_the_server_was_started_anew(tmp_path: Path) -> None:
    with start_cluster() as server:
        with server.connect() as connection:
            prepare(connection)
        url = server.url(user=ROLE)
        backfill(ONCE, database=url, plan=tmp_path / "receipt.json")
        receipt = tmp_path / "receipt.json"

        def again() -> None:
            server.stop()
            server.start()

        told = after(3, again)
        ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=told)
        assert ended.state is not None
        assert (ended.state.fence, ended.state.rows) == (2, 500)
        with server.connect() as connection:
            assert done_once(connection)


def test_job_stops_where_the_server_stays_away(tmp_path: Path) -> None:
    with start_cluster() as server:
        with server.connect() as connection:
            prepare(connection)
        url = server.url(user=ROLE)
        backfill(ONCE, database=url, plan=tmp_path / "receipt.json")
        limits = BackfillLimits(batch_rows=50, largest_batch=50, patience_ms=300.0)
        with pytest.raises(
            InputError, match=r"^public.users: gave up after 300 ms: the connection is lost; run it"
        ):
            backfill(
                database=url,
                receipt=tmp_path / "receipt.json",
                role=ROLE,
                limits=limits,
                progress=after(3, server.stop),
            )


def test_second_copy_is_refused(url: str, receipt: Path, database: Database) -> None:
    refused: list[str] = []

    def second() -> None:
        with pytest.raises(InputError) as error:
            backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
        refused.append(str(error.value))

    backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=after(3, second))
    assert re.fullmatch(
        r"another copy carries job [0-9a-f]{16} out \(server process \d+, connected since 20.*Z\);"
        r" let it end, or end it and run it again",
        refused[0],
    )
    assert done_once(database)


def test_copy_that_was_overtaken_writes_nothing_more(
    url: str, receipt: Path, database: Database
) -> None:
    """Its session was ended, and another copy began and ended meanwhile."""

    def overtake() -> None:
        cut(database)
        backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
        database.execute("UPDATE users SET n = 0")

    with pytest.raises(InputError, match=r"another copy has taken job [0-9a-f]{16} over"):
        backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=after(3, overtake))
    assert value(database, "SELECT count(*) FROM users WHERE n <> 0") == 0


def test_statement_of_a_job_that_is_half_done_is_not_begun_anew(
    url: str, receipt: Path, database: Database, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=after(3, stop))
    with pytest.raises(InputError, match=r"is the receipt of job [0-9a-f]{16}, which is half done"):
        backfill(ONCE, database=url, plan=receipt)
    other = tmp_path / "other.json"
    backfill(ONCE, database=url, plan=other)
    with pytest.raises(InputError, match=r"job [0-9a-f]{16} of the same statement is half done;"):
        backfill(database=url, receipt=other, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 150
    backfill(database=url, receipt=receipt, role=ROLE)
    assert done_once(database)
    backfill(database=url, receipt=other, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE n = 2") == 500


def test_plan_is_not_written_over_another_file(url: str, tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(InputError, match=r"notes.json: is no receipt of a backfill"):
        backfill(ONCE, database=url, plan=tmp_path / "notes.json")
    assert (tmp_path / "notes.json").read_text() == "{}"


def test_fence_holds_where_the_lease_was_lost(url: str, receipt: Path, database: Database) -> None:
    """The session lives on, but another start has raised the fence."""

    def raise_fence() -> None:
        database.execute("UPDATE dbs_backfills SET fence = fence + 1")

    with pytest.raises(InputError, match=r"another copy has taken job [0-9a-f]{16} over"):
        backfill(
            database=url, receipt=receipt, role=ROLE, limits=FAST, progress=after(3, raise_fence)
        )
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 150


@pytest.mark.parametrize(
    ("change", "is_moved"),
    [
        ("ALTER TABLE users ADD extra int", True),
        ("ALTER TABLE users ALTER n TYPE bigint", True),
        ("ALTER TABLE users ADD CONSTRAINT c CHECK (n < 99) NOT VALID", True),
        ("CREATE INDEX ON users (n)", False),
        ("ALTER TABLE users ALTER n SET STATISTICS 50", False),
        ("ANALYZE users", False),
    ],
)
def test_change_of_the_schema_between_two_batches(
    change: str, is_moved: bool, url: str, receipt: Path, database: Database
) -> None:
    told = after(3, lambda: database.execute(change.encode()))
    if is_moved:
        with pytest.raises(InputError, match=r"public.users: the schema has moved on since"):
            backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=told)
        assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 150
    else:
        backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=told)
        assert done_once(database)


def test_lock_that_is_held_for_too_long_stops_the_job(
    cluster: Cluster, url: str, receipt: Path, database: Database
) -> None:
    limits = BackfillLimits(batch_rows=50, lock_timeout_ms=20, patience_ms=300, pause_ms=0.0)
    with cluster.connect(database.info.dbname) as other, other.transaction():
        other.execute("UPDATE users SET note = 'held' WHERE id = 120")
        with pytest.raises(
            InputError, match=r"gave up after 300 ms: canceling statement due to lock timeout; run"
        ):
            backfill(database=url, receipt=receipt, role=ROLE, limits=limits)
    assert 100 < value(database, "SELECT max(id) FROM users WHERE n = 1") < 120  # smaller batches
    backfill(database=url, receipt=receipt, role=ROLE, limits=limits)
    assert done_once(database)


@contextmanager
def pooler(folder: Path, socket_path: Path) -> Iterator[str]:
    """Stand between as a pooler does: it hands out a process number of its own."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / ".s.PGSQL.5432"))
    listener.listen()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65_536):
            # BackendKeyData: K, its length, the process number, the secret.
            sink.sendall(re.sub(rb"K\0\0\0\x0c....", b"K\0\0\0\x0c\0\0\0\x07", data, flags=re.S))
        sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        client, _ = listener.accept()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(socket_path))
            back = threading.Thread(target=pump, args=(server, client))
            back.start()
            pump(client, server)
            back.join()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield str(folder)
    finally:
        thread.join()
        listener.close()


def test_pooler_is_refused(
    cluster: Cluster, url: str, receipt: Path, tmp_path: Path, database: Database
) -> None:
    with (
        pooler(tmp_path, cluster.socket) as folder,
        pytest.raises(InputError, match=r"a connection pooler stands between, under which a sess"),
    ):
        through = f"postgresql://{ROLE}@/{database.info.dbname}?host={folder}&gssencmode=disable"
        backfill(database=through, receipt=receipt, role=ROLE)
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 0


@pytest.fixture
def secret(cluster: Cluster, url: str, receipt: Path) -> Iterator[str]:
    yield url.replace(f"{ROLE}@", f"{ROLE}:s3cret@")


def test_password_is_in_nothing_that_is_said(secret: str, receipt: Path) -> None:
    command = [str(DBS), "migrate", "backfill", "--receipt", str(receipt), "--database"]
    for asked in (
        [*command, secret, "--role", "app"],
        [*command, secret + "&bad=1", "--role", ROLE],
    ):
        ended = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert "s3cret" not in ended.stdout + ended.stderr
    assert "s3cret" not in receipt.read_text()
