from __future__ import annotations

from pathlib import Path

from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)

INI = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
ENV = """from alembic import context
from sqlalchemy import create_engine

with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """{head}
from alembic import op

revision = {revision!r}
down_revision = {down!r}


def upgrade():
    {up}


def downgrade():
    {back}
"""


def trials(cluster: Cluster, folder: Path, *revisions: tuple[str, str, str]) -> tuple[Trial, ...]:
    """Try revisions, each a head, the way up and the way back, on a table with a text column."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    for number, (head, up, back) in enumerate(revisions, 1):
        down = f"r{number - 1}" if number > 1 else None
        (versions / f"r{number}.py").write_text(
            REVISION.format(head=head, revision=f"r{number}", down=down, up=up, back=back)
        )
    (project,) = find_projects(folder)
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.admin(database) as admin:
            admin.execute("SET ROLE dbs_owner; CREATE TABLE public.notes(id int, body text)")
        history = project.history()
        return try_migrations(stage, project, history, template=database, rates=RATES).trials


ADD = "op.execute('ALTER TABLE notes ADD kind text')"
DROP = "op.execute('ALTER TABLE notes DROP kind')"
READ = (
    "[json.loads(body) for (body,) in op.get_bind().exec_driver_sql("
    "'SELECT body FROM notes WHERE body IS NOT NULL')]"
)


def test_revision_that_does_not_import_is_untried_with_those_after_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    first, second, third = trials(
        cluster, tmp_path, ("", ADD, DROP), ("import not_there", "pass", "pass"), ("", ADD, DROP)
    )
    assert (first.untried, first.failure) == ("", "")
    assert second.untried.endswith("No module named 'not_there'")
    assert second.failure == ""
    assert third.untried == "r2 stops before it"


def test_way_back_that_throws_on_made_up_rows_alone_is_unchecked(
    cluster: Cluster, tmp_path: Path
) -> None:
    read, after = trials(
        cluster, tmp_path, ("import json", ADD, f"{READ}; {DROP}"), ("", "pass", "pass")
    )
    assert read.round_trip is not None
    assert (read.round_trip.kind, read.round_trip.proof.verdict) == ("unchecked", "unchecked")
    assert "it stops (JSONDecodeError" in read.round_trip.proof.basis
    assert after.round_trip is not None
    assert after.round_trip.kind == "works"


def test_way_back_that_throws_without_rows_too_fails(cluster: Cluster, tmp_path: Path) -> None:
    (only,) = trials(cluster, tmp_path, ("", ADD, "int('kind')"))
    assert only.round_trip is not None
    assert (only.round_trip.kind, only.round_trip.proof.verdict) == ("failing", "refuted")
