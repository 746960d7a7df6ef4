from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dbspecialist.facts.locks import Lock
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


@pytest.mark.parametrize(
    ("change", "mode", "reads_wait"),
    [
        ("REINDEX INDEX t_a_idx", "AccessExclusiveLock", True),
        ("REINDEX TABLE t", "AccessExclusiveLock", True),
        ("ALTER INDEX p_a_idx ATTACH PARTITION t_a_idx", "AccessExclusiveLock", True),
        ("ALTER INDEX t_a_idx RENAME TO i", "ShareUpdateExclusiveLock", False),
        ("ALTER INDEX t_a_idx SET (fillfactor = 70)", "ShareUpdateExclusiveLock", False),
        ("COMMENT ON INDEX t_a_idx IS 'x'", "ShareUpdateExclusiveLock", False),
    ],
)
def test_a_query_waits_for_the_lock_on_an_index_of_its_table(
    cluster: Cluster, change: str, mode: str, reads_wait: bool
) -> None:
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.cluster.connect(database) as admin:
            admin.execute("CREATE TABLE p (a int) PARTITION BY RANGE (a)")
            admin.execute("CREATE TABLE t PARTITION OF p FOR VALUES FROM (0) TO (9)")
            admin.execute("CREATE INDEX ON t (a); CREATE INDEX p_a_idx ON ONLY p (a)")
            admin.execute("ALTER TABLE p OWNER TO dbs_owner; ALTER TABLE t OWNER TO dbs_owner")
        with (
            stage.observer(database) as observer,
            psycopg.connect(observer.url) as client,
            stage.cluster.connect(database) as reader,
        ):
            client.execute(change.encode())
            waited = _waits(reader, "SELECT FROM t")
            assert _waits(reader, "SELECT FROM p") or not waited
            client.rollback()
            (seen,) = [item.effects for item in observer.take() if item.effects.locks]
    (lock,) = [item for item in seen.locks if item.relation == "public.t_a_idx"]
    assert lock == Lock("public.t_a_idx", mode, "index", "public.t")
    assert (waited, "reads" in lock.blocks) == (reads_wait, reads_wait)
    assert lock.blocked == ("public.t" if reads_wait else "public.t_a_idx")


def test_an_index_is_not_told_where_its_table_is_locked_as_strongly(cluster: Cluster) -> None:
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.cluster.connect(database) as admin:
            admin.execute("CREATE TABLE t (a int); CREATE INDEX ON t (a)")
            admin.execute("ALTER TABLE t OWNER TO dbs_owner")
        with stage.observer(database) as observer, psycopg.connect(observer.url) as client:
            client.execute("CLUSTER t USING t_a_idx")
            client.rollback()
            (seen,) = [item.effects for item in observer.take() if item.effects.locks]
    assert seen.locks == (Lock("public.t", "AccessExclusiveLock"),)


def _waits(reader: psycopg.Connection[tuple[Any, ...]], query: str) -> bool:
    try:
        with reader.transaction():
            reader.execute("SET LOCAL lock_timeout = '100ms'")
            reader.execute(query.encode())
    except psycopg.errors.LockNotAvailable:
        return True
    return False
