"""A backfill written as a SQL script and as a Python program, and run as such."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
from backfill_target import ROLE, prepare, role_url, value

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.backfill import BackfillLimits
from dbspecialist.tasks.backfill import backfill
from dbspecialist.twins.cluster import Cluster

Database = psycopg.Connection[Any]
Form = Literal["sql", "sqlalchemy"]
FORMS: tuple[Form, ...] = ("sql", "sqlalchemy")
VERIFY = "UPDATE users SET verified = false WHERE verified IS NULL"
COMPOSITE = r"""
CREATE TABLE line ("Order" int, made timestamptz, kind varchar(9), n int NOT NULL, note text,
                   PRIMARY KEY ("Order", made, kind));
INSERT INTO line SELECT n % 30, timestamptz '2026-01-01' + n * interval '1 min',
       'k''' || n % 7, 0, '12:30 %s \ x' FROM generate_series(1, 3000) n;
ANALYZE line;
"""
TRICKY = r"""UPDATE line AS "L 1" SET n = n + 1, note = 'at 12:30 %s \ ' || "L 1".kind::text
WHERE note <> 'at :x $backfill$' AND "Order" >= 0"""


@pytest.fixture
def url(cluster: Cluster, database: Database) -> str:
    prepare(database)
    prepare(database, COMPOSITE)
    return role_url(cluster, database)


def run_program(text: str, form: Form, url: str, folder: Path) -> str:
    """Run a program and return what it says; a SQL script as psql -f does."""
    if form == "sqlalchemy":
        (folder / "job.py").write_text(text)
        ended = subprocess.run(
            [sys.executable, "-W", "error", "job.py"],
            cwd=folder,
            env={**os.environ, "DATABASE_URL": url.replace("postgresql:", "postgresql+psycopg:")},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.stdout + ended.stderr
    said: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: said.append(str(notice.message_primary)))
        for statement in split_script(text, folder / "job.sql"):
            try:
                connection.execute(statement.sql.encode())
            except psycopg.Error as error:
                said.append(str(error))
    return "\n".join(said)


def written(statement: str, form: Form, url: str, folder: Path) -> str:
    planned = backfill(statement, database=url, plan=folder / "receipt.json")
    assert planned.receipt.plan.shape
    return backfill(receipt=folder / "receipt.json", as_=form).text


@pytest.mark.parametrize("form", FORMS)
def test_program_does_the_whole_job(
    form: Form, url: str, database: Database, tmp_path: Path
) -> None:
    said = run_program(written(VERIFY, form, url, tmp_path), form, url, tmp_path)
    assert "is done: 334 rows" in said
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0
    assert database.execute(
        "SELECT passes, keys, rows, fence, finished_at IS NOT NULL FROM dbs_backfills"
    ).fetchall() == [(2, 500, 334, 1, True)]


@pytest.mark.parametrize("form", FORMS)
def test_program_takes_odd_names_and_composite_keys_once(
    form: Form, url: str, database: Database, tmp_path: Path
) -> None:
    text = written(TRICKY, form, url, tmp_path)
    assert "is done: 3000 rows" in run_program(text, form, url, tmp_path)
    assert "is done: 3000 rows" in run_program(text, form, url, tmp_path)
    assert value(database, "SELECT count(*) FROM line WHERE n = 1") == 3000
    assert value(database, "SELECT min(note) FROM line") == "at 12:30 %s \\ k'0"


@pytest.mark.parametrize("form", FORMS)
def test_program_goes_on_where_the_runner_was_stopped(
    form: Form, url: str, database: Database, tmp_path: Path
) -> None:
    text = written("UPDATE users SET n = n + 1", form, url, tmp_path)

    class StoppedError(Exception):
        pass

    def stop(step: object) -> None:
        if getattr(getattr(step, "state", None), "batches", 0) == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        backfill(
            database=url,
            receipt=tmp_path / "receipt.json",
            role=ROLE,
            limits=BackfillLimits(batch_rows=50),
            progress=stop,
        )
    done = value(database, "SELECT count(*) FROM users WHERE n = 1")
    assert 150 <= done < 500
    assert "is done: 500 rows" in run_program(text, form, url, tmp_path)
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 500


@pytest.mark.parametrize("form", FORMS)
def test_program_that_is_ended_in_the_middle_goes_on(
    form: Form, url: str, database: Database, tmp_path: Path
) -> None:
    whole = written("UPDATE users SET n = n + 1", form, url, tmp_path)
    slow = re.sub(r"CALL (.*)\(\);", r"CALL \1(10, 0.1);", whole)
    slow = slow.replace("TARGET_SECONDS = 1000, 50_000", "TARGET_SECONDS = 10, 10")
    slow = slow.replace("time.sleep(seconds / 4)", "time.sleep(0.1)")
    assert slow != whole
    thread = threading.Thread(target=run_program, args=(slow, form, url, tmp_path))
    thread.start()
    deadline = time.monotonic() + 60
    while not value(database, "SELECT count(*) FROM users WHERE n = 1"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    thread.join()
    assert 0 < value(database, "SELECT count(*) FROM users WHERE n = 1") < 500
    assert "is done: 500 rows" in run_program(whole, form, url, tmp_path)
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 500


@pytest.mark.parametrize("form", FORMS)
def test_program_stops_where_the_schema_has_moved_on(
    form: Form, url: str, database: Database, tmp_path: Path
) -> None:
    text = written(VERIFY, form, url, tmp_path)
    database.execute("ALTER TABLE users ALTER n TYPE bigint")
    said = run_program(text, form, url, tmp_path)
    assert "the schema of public.users has moved on since the plan was made" in said
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 334


@pytest.mark.parametrize("form", FORMS)
def test_program_stops_where_another_copy_runs(
    form: Form, cluster: Cluster, url: str, database: Database, tmp_path: Path
) -> None:
    text = written(VERIFY, form, url, tmp_path)
    job = backfill(receipt=tmp_path / "receipt.json", as_=form).receipt.job
    with cluster.connect(database.info.dbname) as other:
        other.execute(
            "SELECT pg_advisory_lock(hashtextextended('dbspecialist backfill ' || %s, 0))", [job]
        )
        said = run_program(text, form, url, tmp_path)
    assert f"another copy carries job {job} out" in said
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 334


@pytest.mark.parametrize("form", FORMS)
def test_program_of_a_schema_alone_runs(
    form: Form, url: str, database: Database, tmp_path: Path
) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE users (id bigint PRIMARY KEY, verified boolean);")
    text = backfill(VERIFY, snapshot=schema, as_=form).text
    assert "is done: 334 rows" in run_program(text, form, url, tmp_path)
