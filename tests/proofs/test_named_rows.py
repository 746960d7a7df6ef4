"""Made-up rows hold the keys that a migration names, where production may have such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.trial import Trial
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

Trials = Callable[..., tuple[Trial, ...]]
RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)
SCHEMA = """
CREATE TABLE kinds (code text PRIMARY KEY);
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text REFERENCES kinds,
    email text UNIQUE
);
CREATE TABLE orders (
    id int PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, note text, key uuid UNIQUE
);
INSERT INTO kinds SELECT 'kind ' || n FROM generate_series(1, 300) AS n;
INSERT INTO customers (kind, email)
    SELECT 'kind ' || n, n || '@example.org' FROM generate_series(1, 300) AS n;
INSERT INTO orders SELECT n, n, NULLIF('note ' || n, 'note 5'),
    ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid FROM generate_series(1, 300) AS n;
CREATE TABLE few (id int PRIMARY KEY);
INSERT INTO few VALUES (1), (2), (30);
VACUUM ANALYZE;
"""


@pytest.fixture
def trials(cluster: Cluster, tmp_path: Path) -> Trials:
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE IF EXISTS named_rows WITH (FORCE)")
        admin.execute("CREATE DATABASE named_rows")
    with cluster.connect("named_rows") as connection:
        for statement in SCHEMA.split(";\n"):
            connection.execute(statement.encode() or b"SELECT")

    def run(*files: str) -> tuple[Trial, ...]:
        for number, text in enumerate(files, 1):
            (tmp_path / f"{number}.sql").write_text(text)
        project = SqlFiles(tmp_path, tmp_path, single_transaction=True)
        snapshot = capture(cluster.url("named_rows"))
        with open_stage(snapshot, cluster=cluster) as stage:
            history = project.history()
            return try_migrations(stage, project, history, snapshot=snapshot, rates=RATES).trials

    return run


LATER = "ALTER TABLE orders ALTER note TYPE varchar(90)"


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders VALUES (777, 250)",
        "INSERT INTO orders VALUES (777, 250), (778, 251), (779, 252)",
        "INSERT INTO customers (kind) VALUES ('kind 77')",
        "INSERT INTO orders VALUES (777, (SELECT id FROM customers WHERE id = 12))",
        "DO $$ DECLARE found int; BEGIN SELECT id INTO STRICT found FROM orders"
        " WHERE key = '00000000-0000-0000-0000-000000000009'; END $$",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM customers WHERE email = '9@example.org')"
        " THEN RAISE EXCEPTION 'wrong database'; END IF; END $$",
        "INSERT INTO orders VALUES (777, 250, 'x'); ALTER TABLE orders ALTER note SET NOT NULL",
    ],
)
def test_migration_that_names_a_row_goes_through_and_those_after_it_are_tried(
    trials: Trials, text: str
) -> None:
    first, second = trials(text, LATER)
    assert first.needs_rows is not None
    assert first.needs_rows.passed
    assert (first.failure, second.untried) == ("", "")
    assert second.statements[0].rewrites == {"public.orders": "a column's type changes"}


def test_row_that_statistics_refute_is_not_made_up(trials: Trials) -> None:
    check = (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM few WHERE id = {}) THEN RAISE EXCEPTION 'no';"
        " END IF; END $$"
    )
    first, second = trials(check.format(9), LATER)
    assert first.needs_rows is not None
    assert not first.needs_rows.passed
    assert second.untried == "1 stops before it"


def test_row_that_statistics_hold_is_made_up(trials: Trials) -> None:
    check = (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM few WHERE id = 30) THEN RAISE EXCEPTION 'no';"
        " END IF; END $$"
    )
    (first,) = trials(check)
    assert first.needs_rows is not None
    assert first.needs_rows.passed
