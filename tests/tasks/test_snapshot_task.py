from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.snapshot_file import read_snapshot
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.snapshot import snapshot
from dbspecialist.twins.cluster import Cluster

Connection = psycopg.Connection[tuple[Any, ...]]


def test_snapshot_is_returned_and_written(
    cluster: Cluster, database: Connection, tmp_path: Path
) -> None:
    database.execute("CREATE TABLE t (a int)")
    found = snapshot(cluster.url(database.info.dbname), tmp_path / "prod.snapshot")
    assert found.catalogue.get("table", "public.t") is not None
    assert read_snapshot(tmp_path / "prod.snapshot") == found


def test_unusable_output_is_told_before_the_server_is_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder; name a file with --output"):
        snapshot("postgresql://no-such-host.invalid/d", tmp_path)
    with pytest.raises(InputError, match=r"No such file or directory; choose another place"):
        snapshot("postgresql://no-such-host.invalid/d", tmp_path / "none" / "s")


def test_nothing_is_written_when_the_server_refuses(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no server answers there"):
        snapshot("postgresql://127.0.0.1:1/d", tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_sql_file_gives_a_snapshot_without_sizes(tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (a int);")
    found = snapshot(str(tmp_path / "schema.sql"))
    assert found.catalogue.get("table", "public.t") is not None
    assert not found.has_statistics


def test_folder_of_migrations_is_run_from_zero(tmp_path: Path) -> None:
    (tmp_path / "V1__a.sql").write_text("CREATE TABLE t (a int);")
    (tmp_path / "V2__b.sql").write_text("ALTER TABLE t ADD COLUMN b text NOT NULL;")
    found = snapshot(tmp_path)
    column = found.catalogue.get("column", "public.t.b")
    assert column is not None
    assert column.attributes["not_null"] == "true"
    assert found.source == f"flyway migrations in {tmp_path}"


def test_migrations_that_do_not_run_are_told(tmp_path: Path) -> None:
    (tmp_path / "V1__a.sql").write_text("CREATE TABLE t (a int); DROP TABLE nothing_there;")
    with pytest.raises(InputError, match=r"does not replay: .*nothing_there"):
        snapshot(tmp_path)


def test_what_is_no_source_is_told() -> None:
    with pytest.raises(InputError, match=r"^shop: is neither a database URL, nor a .sql file"):
        snapshot("shop")
