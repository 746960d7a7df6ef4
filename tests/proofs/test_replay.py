from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)


def tried(
    cluster: Cluster, folder: Path, *changes: str, together: bool = False
) -> tuple[Trial, ...]:
    for number, text in enumerate(changes, 1):
        (folder / f"{number:03}_change.sql").write_text(text)
    project = SqlFiles(folder, folder, single_transaction=together)
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.admin(database) as admin:
            admin.execute("SET ROLE dbs_owner; CREATE TABLE public.orders (id int)")
        history = project.history()
        return try_migrations(stage, project, history, template=database, rates=RATES).trials


@pytest.mark.parametrize("together", [False, True])
def test_catalogues_of_a_failing_migration_are_those_up_to_the_failure(
    cluster: Cluster, tmp_path: Path, together: bool
) -> None:
    failing = "ALTER TABLE orders ADD total int; SELECT 1/0; ALTER TABLE orders ADD gone int;"
    first, second, third = tried(
        cluster,
        tmp_path,
        "ALTER TABLE orders ADD note text;",
        failing,
        "CREATE TABLE never (id int);",
        together=together,
    )
    assert first.after.get("column", "public.orders.note") is not None
    assert second.before.get("column", "public.orders.note") is not None
    assert [item.object.name for item in second.differences] == ["public.orders.total"]
    assert second.round_trip is not None
    assert second.round_trip.kind == "unchecked"
    assert not third.before.objects
    assert not third.after.objects


def test_migration_that_fails_at_once_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    (trial,) = tried(cluster, tmp_path, "SELECT 1/0; ALTER TABLE orders ADD total int;")
    assert trial.differences == ()
