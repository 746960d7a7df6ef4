from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.mark.parametrize(
    ("change", "built"),
    [
        ("ALTER TABLE t ALTER a TYPE text", {}),
        ('ALTER TABLE t ALTER a TYPE varchar(9) COLLATE "C"', {"public.t_a_idx": "public.t"}),
        ("REINDEX INDEX t_a_idx", {"public.t_a_idx": "public.t"}),
    ],
)
def test_an_index_kept_by_alter_table_is_no_build(
    cluster: Cluster, change: str, built: dict[str, str]
) -> None:
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.cluster.connect(database) as admin:
            admin.execute("CREATE TABLE t (a varchar(9)); CREATE INDEX ON t (a)")
            admin.execute("ALTER TABLE t OWNER TO dbs_owner")
        with stage.observer(database) as observer, psycopg.connect(observer.url) as client:
            client.autocommit = True
            client.execute(change.encode())
            (seen,) = [item.effects for item in observer.take()]
    assert dict(seen.index_builds) == built
