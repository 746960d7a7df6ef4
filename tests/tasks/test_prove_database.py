"""The `database` option of prove, with a server that has rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.prove import prove
from dbspecialist.twins.cluster import Cluster

DBS = Path(sys.executable).with_name("dbs")
Database = psycopg.Connection[Any]


@pytest.fixture
def url(cluster: Cluster, database: Database, tmp_path: Path) -> str:
    database.execute(
        "CREATE TABLE users (id int PRIMARY KEY, email text);"
        "INSERT INTO users SELECT n, nullif(n, 1)::text FROM generate_series(1, 9) n"
    )
    database.execute("ANALYZE users")
    (tmp_path / "1_require.sql").write_text("ALTER TABLE users ALTER email SET NOT NULL;\n")
    return cluster.url(database.info.dbname)


def test_claim_that_holds_is_proven_and_its_finding_gone(
    url: str, database: Database, tmp_path: Path
) -> None:
    snapshot = capture(url)
    chosen = {"snapshot": snapshot, "select": ["backfill-before-not-null"]}
    (finding,) = prove([tmp_path], **chosen).findings  # type: ignore[arg-type]
    assert finding.evidence[0].verdict == "refuted"
    assert finding.evidence[0].basis.startswith("null_frac is 0.111111 in pg_stats")
    database.execute("UPDATE users SET email = '' WHERE email IS NULL")
    report = prove([tmp_path], database=url, **chosen)  # type: ignore[arg-type]
    assert report.findings == ()
    (proof,) = report.data_fit
    assert (proof.claim, proof.verdict) == ("no row of public.users has NULL in email", "proven")
    assert proof.basis.endswith(
        "no row for: SELECT id::text, email::text FROM public.users WHERE email IS NULL LIMIT 1"
    )


def test_command_reports_the_row_that_refutes(url: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int PRIMARY KEY, email text);")
    ended = subprocess.run(
        [DBS, "prove", "1_require.sql", "--snapshot", "schema.sql", "--database", url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    told = " ".join(ended.stdout.split())
    assert "a row holds NULL, such as id = 1, email = NULL: it fails with 23502" in told


def test_database_that_refuses_ends_with_status_2_without_the_password(tmp_path: Path) -> None:
    (tmp_path / "1_require.sql").write_text("ALTER TABLE users ALTER email SET NOT NULL;\n")
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int PRIMARY KEY, email text);")
    ended = subprocess.run(
        [DBS, "prove", "1_require.sql", "--snapshot", "schema.sql"],
        cwd=tmp_path,
        env={**os.environ, "DBS_DATABASE_URL": "postgresql://bob:s3cret@localhost:1/shop"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "dbs: postgresql://bob@localhost:1/shop: no server answers there; "
        "check host and port, and that the server runs\n"
    )


def test_url_that_cannot_be_read_is_refused_before_anything_runs(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(InputError, match="the database URL cannot be read"):
        prove([tmp_path], database="oracle://bob:s3cret@db/shop", progress=told.append)
    assert told == []


def test_database_that_does_not_answer_is_told_where_there_is_nothing_to_ask(
    tmp_path: Path,
) -> None:
    (tmp_path / "1_new.sql").write_text("CREATE TABLE t (a int);\n")
    with pytest.raises(InputError, match="no server answers there"):
        prove([tmp_path], database="postgresql://nobody@127.0.0.1:1/x")
