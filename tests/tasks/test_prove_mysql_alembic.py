from __future__ import annotations

from pathlib import Path

import pytest

import dbspecialist
from dbspecialist.facts.errors import InputError

pytestmark = pytest.mark.needs_mariadb

ENV = """
from alembic import context
from sqlalchemy import create_engine, text

with create_engine("{url}").connect() as connection:
    connection.execute(text("SET SESSION lock_wait_timeout = 5"))
    connection.commit()
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
MAKE = """
import sqlalchemy as sa
from alembic import op

revision = "r1"
down_revision = None


def upgrade():
    op.create_table(
        "orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("n", sa.Integer)
    )


def downgrade():
    op.drop_table("orders")
"""
WIDEN = """
import sqlalchemy as sa
from alembic import op

revision = "r2"
down_revision = "r1"


def upgrade():
    op.alter_column("orders", "n", type_=sa.BigInteger())
    op.bulk_insert(
        sa.table("orders", sa.column("id", sa.BigInteger), sa.column("n", sa.BigInteger)),
        [{"id": 100, "n": 50}, {"id": 200, "n": None}],
    )
    op.add_column("orders", sa.Column("note", sa.String(20), comment="100% of it"))


def downgrade():
    op.drop_column("orders", "note")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").write_text(
        ENV.format(url="mysql+pymysql://app:secret@production.internal/shop")
    )
    (versions / "r1.py").write_text(MAKE)
    (versions / "r2.py").write_text(WIDEN)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "schema.sql").write_text(
        "create table orders(id bigint primary key, n int);\n"
        "create table alembic_version(version_num varchar(32) primary key);\n"
    )
    return tmp_path


def test_revisions_are_recorded_and_asked_for_each_algorithm(project: Path) -> None:
    report = dbspecialist.prove(
        [project], snapshot=project / "schema.sql", engine="mariadb", from_="r1"
    )
    (migration,) = report.migrations
    assert [(item.sql, item.line, item.algorithm) for item in migration.statements] == [
        ("SET SESSION lock_wait_timeout = 5", 1, ""),
        ("ALTER TABLE orders MODIFY n BIGINT NULL", 10, "COPY"),
        ("INSERT INTO orders (id, n) VALUES (100, 50)", 11, ""),
        ("INSERT INTO orders (id, n) VALUES (200, NULL)", 11, ""),
        ("ALTER TABLE orders ADD COLUMN note VARCHAR(20) COMMENT '100% of it'", 15, "INSTANT"),
    ]
    rules = {item.rule: item.location.line for item in report.findings}
    assert rules["avoid-table-copies"] == 10
    assert "make-upgrades-repeatable" in rules  # the rows are there already
    assert "set-lock-wait-timeout" not in rules


def test_history_runs_from_zero_without_a_snapshot(project: Path) -> None:
    report = dbspecialist.prove([project], engine="mariadb")
    assert [item.migration.revision for item in report.migrations] == ["r1", "r2"]
    assert [item.round_trip.verdict for item in report.migrations] == ["tested", "refuted"]
    assert report.migrations[1].round_trip.basis.startswith("the second upgrade fails: 23000")


def test_way_back_behind_one_that_fails_is_tried(project: Path) -> None:
    file = project / "migrations" / "versions" / "r2.py"
    file.write_text(WIDEN.replace('op.drop_column("orders", "note")', 'op.drop_table("gone")'))
    report = dbspecialist.prove([project], engine="mariadb")
    assert [item.round_trip.verdict for item in report.migrations] == ["tested", "refuted"]
    assert "Unknown table" in report.migrations[1].round_trip.basis


def test_revision_that_the_engine_refuses_is_told(project: Path) -> None:
    file = project / "migrations" / "versions" / "r2.py"
    file.write_text(WIDEN.replace('"orders", "n", type_', '"orders", "missing", type_'))
    report = dbspecialist.prove(
        [project], snapshot=project / "schema.sql", engine="mariadb", from_="r1"
    )
    assert [item.rule for item in report.findings if item.severity == "error"] == [
        "mend-refused-statements"
    ]


MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("n", sa.{kind}),
    sa.Column("note", sa.String(20), comment="100% of it"),
)
"""


@pytest.mark.parametrize(
    ("kind", "verdict", "found"),
    [("BigInteger", "proven", []), ("Integer", "refuted", ["column app.orders.n"])],
)
def test_models_are_held_against_what_the_migrations_make(
    project: Path, kind: str, verdict: str, found: list[str]
) -> None:
    (project / "models.py").write_text(MODELS.format(kind=kind))
    env = project / "migrations" / "env.py"
    env.write_text(
        "from models import metadata\n"
        + env.read_text().replace("(connection=", "(target_metadata=metadata, connection=")
    )
    ini = project / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    report = dbspecialist.prove([project], engine="mariadb")
    (proof,) = [item for item in report.proofs if "models" in item.claim]
    assert (proof.verdict, [item for item in found if item not in proof.basis]) == (verdict, [])
    drift = [x for x in report.findings if x.rule == "keep-models-and-migrations-equal"]
    assert len(drift) == len(found)


def test_environment_of_another_engine_is_refused(project: Path) -> None:
    env = project / "migrations" / "env.py"
    env.write_text(ENV.format(url="sqlite://"))
    with pytest.raises(InputError, match="connects to sqlite, not to MySQL or MariaDB"):
        dbspecialist.prove([project], engine="mariadb")
