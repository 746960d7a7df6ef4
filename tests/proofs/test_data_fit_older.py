"""A server of an older major asked whether its rows fit."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from source_server import source_server

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.proofs.data_fit import ask_database
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

pytestmark = pytest.mark.needs_debian

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)
MIGRATION = """
ALTER TABLE t ALTER a SET NOT NULL, ADD CHECK (a > 0), ADD UNIQUE NULLS NOT DISTINCT (b),
    ALTER c TYPE varchar(2), ALTER d TYPE date USING d::date, DROP e,
    ADD FOREIGN KEY (a) REFERENCES t;
"""


def test_claims_are_decided_by_a_server_of_version_15(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(MIGRATION)
    project = SqlFiles(tmp_path, tmp_path)
    with source_server(Path("/usr/lib/postgresql/15/bin")) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text, d text, e int);"
                "INSERT INTO t (id, a, c, d) VALUES (1, 1, 'x', '2020-01-01'), (2, 7, 'xyz', null)"
            )
        snapshot = capture(url)
        with open_stage(snapshot, cluster=cluster) as stage:
            pending = project.history()
            run = try_migrations(stage, project, pending, snapshot=snapshot, rates=RATES)
        found = ask_database(run, url).data_fit
    assert {item.claim.kind: (item.proof.verdict, item.counterexample) for item in found} == {
        "not null": ("proven", ""),
        "check": ("proven", ""),
        "unique": ("refuted", "b = NULL, count = 2"),
        "type": ("refuted", "id = 2, c = xyz"),  # whether texts are dates is not asked before 16
        "loss": ("proven", ""),
        "references": ("refuted", "a = 7"),
    }
