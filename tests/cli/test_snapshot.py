import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from dbspecialist.engines.snapshot_file import read_snapshot
from dbspecialist.twins.cluster import Cluster

DBS = Path(sys.executable).with_name("dbs")


def snapshot(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DBS, "snapshot", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_snapshot_writes_a_file_and_says_what_it_holds(
    cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]], tmp_path: Path
) -> None:
    database.execute("CREATE TABLE orders (id bigint PRIMARY KEY)")
    database.execute("INSERT INTO orders SELECT generate_series(1, 100)")
    database.execute("ANALYZE orders")
    ended = snapshot(tmp_path, cluster.url(database.info.dbname), "-o", "prod.snapshot")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("prod.snapshot: ")
    taken = read_snapshot(tmp_path / "prod.snapshot")
    assert taken.relation["public.orders"].tuples == 100
    assert not taken.redacted


def test_snapshot_takes_the_url_from_the_environment(
    cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]], tmp_path: Path
) -> None:
    url = cluster.url(database.info.dbname)
    ended = snapshot(tmp_path, "--redact", "-o", "prod.snapshot", DBS_DATABASE_URL=url)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert read_snapshot(tmp_path / "prod.snapshot").redacted


def test_snapshot_of_a_server_that_is_not_there_keeps_the_password(tmp_path: Path) -> None:
    url = "postgresql://me:s3cret@127.0.0.1:1/shop"
    ended = snapshot(tmp_path, url, "-o", "prod.snapshot")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("dbs: ")
    assert ended.stderr.count("\n") == 1
    assert "s3cret" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_snapshot_into_a_folder_that_is_missing(tmp_path: Path) -> None:
    ended = snapshot(tmp_path, "postgresql://127.0.0.1:1/shop", "-o", "missing/prod.snapshot")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "missing: No such file or directory" in ended.stderr


def test_snapshot_of_a_sql_file_has_no_sizes(tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY);\n")
    ended = snapshot(tmp_path, "schema.sql", "-o", "a.snapshot")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("a.snapshot: ")
    assert ended.stdout.endswith(", no sizes\n")
    assert not read_snapshot(tmp_path / "a.snapshot").has_statistics
