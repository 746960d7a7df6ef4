from __future__ import annotations

from pathlib import Path

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import RelationStatistics
from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)

ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """
from alembic import op
from sqlalchemy import text

revision = {number!r}
down_revision = {before!r}


def upgrade():
    {body}
"""


def trials(cluster: Cluster, folder: Path, rows: float, *bodies: str) -> tuple[Trial, ...]:
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (folder / "migrations" / "env.py").write_text(ENV)
    for number, body in enumerate(bodies, 1):
        before = str(number - 1) if number > 1 else None
        text = REVISION.format(number=str(number), before=before, body=body)
        (versions / f"{number}.py").write_text(text)
    (project,) = find_projects(folder)
    size = RelationStatistics("public.orders", "table", int(rows), rows, total_bytes=8192)
    snapshot = Snapshot(
        engine="postgresql",
        server_version=180006,
        database="production",
        source="a test",
        captured_at="2026-01-01T00:00:00Z",
        catalogue=Catalogue(),
        relations=(size,),
    )
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with cluster.connect(database) as admin:
            admin.execute("SET ROLE dbs_owner; CREATE TABLE orders(id int PRIMARY KEY, total int)")
        return try_migrations(
            stage, project, project.history(), template=database, snapshot=snapshot, rates=RATES
        ).trials


FIRST_ROW = 'op.get_bind().execute(text("SELECT id FROM orders LIMIT 3")).fetchall()[0]'


def test_code_that_stops_without_rows_is_tried_with_rows(cluster: Cluster, tmp_path: Path) -> None:
    later = 'op.execute("ALTER TABLE orders ADD note text")'
    first, second = trials(cluster, tmp_path, 1000, FIRST_ROW, later)
    assert first.needs_rows is not None
    assert (first.needs_rows.relations, first.needs_rows.passed) == (("public.orders",), True)
    assert (first.failure, second.untried) == ("", "")
    assert [item.sql for item in second.statements] == ["ALTER TABLE orders ADD note text"]


def test_code_that_stops_over_a_table_without_rows_fails(cluster: Cluster, tmp_path: Path) -> None:
    first, second = trials(cluster, tmp_path, 0, FIRST_ROW, "pass")
    assert first.needs_rows is None
    assert first.failure == "IndexError: list index out of range"
    assert second.untried == "1 stops before it"


def test_loop_of_code_is_told_with_what_it_does_to_rows(cluster: Cluster, tmp_path: Path) -> None:
    loop = (
        'for row in op.get_bind().execute(text("SELECT id FROM orders")).fetchall():\n'
        '        op.execute(f"UPDATE orders SET total = 1 WHERE id = {row.id}")'
    )
    (only,) = trials(cluster, tmp_path, 1000, loop)
    (reading,) = only.readings
    assert (reading.client, reading.tried) == (True, True)
    assert reading.more == ("changes rows of public.orders",)
