"""Each kind of way back behind each kind of way up, walked on a real engine."""

from dataclasses import replace
from pathlib import Path

import pytest

from dbspecialist.facts.workload import WorkloadStatement
from dbspecialist.proofs.steps import Step
from dbspecialist.proofs.walk import walk
from dbspecialist.tasks.sources import snapshot_of_sql
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

SCHEMA = """CREATE TABLE users (
    id int PRIMARY KEY, email text, name text, code varchar(2), plan text NOT NULL
);"""
INI = "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql+psycopg:///gone\n"
ENV = """from alembic import context
from sqlalchemy import engine_from_config
engine = engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.")
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """from alembic import op
revision = "{revision}"
down_revision = {parent!r}

def upgrade():
    {up}
    for statement in {statements!r}:
        op.execute(statement)

def downgrade():
    for statement in {back!r}:
        op.execute(statement)
    {raises}
"""

UP = (
    "ALTER TABLE users ALTER code SET DEFAULT 'none'",
    "CREATE INDEX on_name ON users (name)",
    "ALTER TABLE users RENAME name TO full_name",
)
BACK = (
    "ALTER TABLE users RENAME full_name TO name",
    "DROP INDEX on_name",
    "ALTER TABLE users ALTER code DROP DEFAULT",
)
REFUSES = ("ALTER TABLE users ALTER email SET NOT NULL",)
ALLOWS = ("ALTER TABLE users ALTER email DROP NOT NULL",)
THROWS = (
    "if op.get_bind().exec_driver_sql('SELECT count(*) FROM users').scalar():"
    " raise ValueError('nonsense')"
)
LOSSY = ("ALTER TABLE users DROP full_name", "ALTER TABLE users ADD name text", BACK[2])

#: By the kind of way back its statements and what stands behind them.
WAYS_BACK = {
    "complete": ((*ALLOWS, *BACK), "pass"),
    "incomplete": ((*ALLOWS, *BACK[:2]), "pass"),
    "empty": ((), "pass"),
    "failing": ((*ALLOWS, "SELECT 1/0"), "pass"),
    "lossy": ((*ALLOWS, *LOSSY), "pass"),
    "irreversible": ((), "raise NotImplementedError('one way')"),
    "narrowing": ((*ALLOWS, *BACK, "ALTER TABLE users ALTER code TYPE varchar(2)"), "pass"),
    "unrepeatable": ((*ALLOWS, BACK[0], BACK[2]), "pass"),
    "constant": (
        (
            *(*ALLOWS, *BACK),
            "ALTER TABLE users ADD plan text NOT NULL DEFAULT 'free'",
            "ALTER TABLE users ALTER plan DROP DEFAULT",
        ),
        "pass",
    ),
}
WAYS_UP = {
    "takes": ("pass", UP),
    "refuses": ("pass", (*UP, *REFUSES)),
    "throws": (THROWS, UP),
    "drops": ("pass", (*UP, "ALTER TABLE users DROP plan")),
    "refuses and drops": ("pass", (*UP, *REFUSES, "ALTER TABLE users DROP plan")),
    "widens": ("pass", (*UP, *REFUSES, "ALTER TABLE users ALTER code TYPE text")),
}


def walked(cluster: Cluster, folder: Path, up: str, back: str, *queries: str) -> tuple[Step, Step]:
    """Walk a revision of these kinds, and one after it that adds a column."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    first, statements = WAYS_UP[up]
    undone, raises = WAYS_BACK[back]
    if REFUSES[0] not in statements:
        undone = tuple(item for item in undone if item not in ALLOWS)
    texts = {
        "r1": (None, first, statements, undone, raises),
        "r2": (
            "r1",
            "pass",
            ("ALTER TABLE users ADD late int",),
            ("ALTER TABLE users DROP late",),
            "pass",
        ),
    }
    for name, (parent, code, there, and_back, end) in texts.items():
        text = REVISION.format(
            revision=name, parent=parent, up=code, statements=there, back=and_back, raises=end
        )
        (versions / f"{name}.py").write_text(text)
    schema = folder / "schema.sql"
    schema.write_text(SCHEMA)
    snapshot = replace(
        snapshot_of_sql(schema),
        workload=tuple(WorkloadStatement(query, 1, 1.0) for query in queries),
    )
    (project,) = find_projects(folder, toolchain="alembic")
    with open_stage(snapshot, cluster=cluster) as stage:
        steps = walk(stage, project, project.history(), stage.template, snapshot)
    return steps["r1"], steps["r2"]


@pytest.mark.parametrize(
    ("up", "back", "kind"),
    [
        ("takes", "complete", "works"),
        ("takes", "incomplete", "incomplete"),
        ("takes", "empty", "empty"),
        ("takes", "failing", "failing"),
        ("takes", "lossy", "lossy"),
        ("takes", "irreversible", "irreversible"),
        ("takes", "unrepeatable", "unrepeatable"),
        ("refuses", "complete", "works"),
        ("drops", "constant", "lossy"),
        ("refuses and drops", "constant", "lossy"),
        ("refuses", "incomplete", "incomplete"),
        ("refuses", "empty", "empty"),
        ("refuses", "failing", "failing"),
        ("refuses", "lossy", "lossy"),
        ("refuses", "irreversible", "irreversible"),
        ("refuses", "unrepeatable", "unrepeatable"),
        ("widens", "narrowing", "unchecked"),  # the rows that fit are those of the wider type
        ("throws", "complete", "unchecked"),  # with rows it cannot be tried
        ("throws", "incomplete", "incomplete"),
        ("throws", "empty", "empty"),
        ("throws", "failing", "failing"),
        ("throws", "lossy", "unchecked"),
        ("throws", "irreversible", "irreversible"),
        ("throws", "unrepeatable", "unrepeatable"),
    ],
)
def test_way_back_is_judged(
    cluster: Cluster, tmp_path: Path, up: str, back: str, kind: str
) -> None:
    step, after = walked(cluster, tmp_path, up, back)
    assert step.round_trip is not None
    assert step.round_trip.kind == kind, step.round_trip.proof.basis
    assert step.before.get("column", "public.users.name") is not None
    assert step.after.get("column", "public.users.name") is None
    assert step.after.get("column", "public.users.full_name") is not None
    refused = ["23502"] if up in {"refuses", "refuses and drops", "widens"} else []
    assert [item.error.sqlstate for item in step.rows_errors] == refused
    assert after.round_trip is not None
    assert after.round_trip.kind == "works"


def test_what_an_incomplete_way_back_leaves_is_named(cluster: Cluster, tmp_path: Path) -> None:
    step, _ = walked(cluster, tmp_path, "refuses", "unrepeatable")
    assert step.round_trip is not None
    assert step.round_trip.details == ("index public.on_name is left over",)
    assert step.round_trip.proof.basis == (
        'the second upgrade fails: 42P07: relation "on_name" already exists'
    )


@pytest.mark.parametrize("back", ["complete", "failing", "unrepeatable"])
@pytest.mark.parametrize("up", ["takes", "refuses", "throws"])
def test_old_code_is_planned_after_the_way_up(
    cluster: Cluster, tmp_path: Path, up: str, back: str
) -> None:
    step, after = walked(cluster, tmp_path, up, back, "SELECT name FROM users", "SELECT 1")
    assert [item.error.sqlstate for item in step.broken] == ["42703"]
    assert after.broken == ()
