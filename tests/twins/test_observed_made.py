from __future__ import annotations

from pathlib import Path

from dbspecialist.facts.trial import Run
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)


def seen(cluster: Cluster, folder: Path, change: str, *, together: bool) -> Run:
    (folder / "001_change.sql").write_text(change)
    project = SqlFiles(folder, folder, single_transaction=together)
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.admin(database) as admin:
            admin.execute("SET ROLE dbs_owner; CREATE TABLE public.orders(id int)")
        return try_migrations(stage, project, project.history(), template=database, rates=RATES)


MADE_AND_DROPPED = """
CREATE TABLE notes (id int);
ALTER TABLE notes RENAME TO old_notes;
DROP TABLE old_notes;
ALTER TABLE orders ADD note text;
"""


def test_relations_that_are_dropped_again_count_as_made(cluster: Cluster, tmp_path: Path) -> None:
    expected = {"public.notes", "public.old_notes"}
    assert expected == seen(cluster, tmp_path, MADE_AND_DROPPED, together=True).created
    assert expected == seen(cluster, tmp_path, MADE_AND_DROPPED, together=False).created


def test_name_that_production_has_counts_as_made_only_when_it_is_made_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    dropped = "DROP TABLE orders; CREATE TABLE orders (id int); DROP TABLE orders;"
    assert seen(cluster, tmp_path, dropped, together=True).created == frozenset()
    again = "DROP TABLE orders; CREATE TABLE orders (id int);"
    assert seen(cluster, tmp_path, again, together=True).created == {"public.orders"}
