"""A search_path with `"$user"`: what stands for it on a twin, whose role is another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.capture import capture
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.report import Report
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.tasks.prove import prove
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.session_settings import notes_on_roles, session_settings
from dbspecialist.twins.twin import open_twin

USUAL = '"$user", public'


@pytest.fixture
def taken(cluster: Cluster, database: psycopg.Connection[Any]) -> Iterator[dict[str, Snapshot]]:
    name = database.info.dbname
    database.execute(
        f'CREATE ROLE "de""P" LOGIN; CREATE ROLE looker LOGIN; GRANT CREATE ON DATABASE {name} TO'
        ' "de""P"; GRANT pg_read_all_data TO looker'
    )
    with cluster.connect(name, 'de"P') as session:
        session.execute('CREATE SCHEMA "de""P"; CREATE TABLE acct (id int PRIMARY KEY, v text)')
    yield {role: capture(cluster.url(name, role)) for role in ('de"P', "looker")}
    database.execute('DROP OWNED BY "de""P", looker; DROP ROLE "de""P", looker')


def proved(folder: Path, snapshot: Snapshot) -> Report:
    (folder / "1.sql").write_text("ALTER TABLE acct ADD k int;\nCREATE TABLE newt (id int);\n")
    return prove([folder / "1.sql"], snapshot=snapshot)


def test_schema_of_the_tables_owner_is_where_names_are_looked_for(
    taken: dict[str, Snapshot], tmp_path: Path
) -> None:
    assert taken['de"P'].role == 'de"P'
    report = proved(tmp_path, taken['de"P'])
    assert not report.at_least("error")
    (migration,) = report.migrations
    assert [item[2] for one in migration.statements for item in one.creates] == [
        '"de""P".acct',
        '"de""P".newt',
    ]
    assert not [note for note in report.notes if "$user" in note]
    with open_twin(taken['de"P'], sized=False) as twin, twin.connect() as session:
        row = session.execute("SELECT to_regclass('acct') IS NOT NULL").fetchone()
    assert row == (True,)


def test_snapshot_taken_by_another_role_says_whose_schema_it_took(
    taken: dict[str, Snapshot], tmp_path: Path
) -> None:
    report = proved(tmp_path, taken["looker"])
    assert not report.at_least("error")
    assert [note for note in report.notes if "$user" in note] == [
        'search_path holds "$user", which stands for schema de"P here: the snapshot was taken by'
        ' role looker, and de"P owns most tables'
    ]
    old = notes_on_roles(replace(taken["looker"], role=""))
    assert "taken by a role that it does not name" in old[0]


def test_role_without_a_schema_of_its_name_leaves_the_path_as_it_is() -> None:
    table = SchemaObject("table", "public.t", "", attributes={"owner": "app"})
    plain = Snapshot(
        "postgresql",
        180_000,
        "d",
        "a test",
        "2026-01-01T00:00:00Z",
        Catalogue((table,)),
        settings={"search_path": USUAL},
        role="app",
    )
    assert session_settings(plain) == {"search_path": USUAL}
    assert notes_on_roles(plain) == ()
    assert notes_on_roles(replace(plain, settings={"search_path": "public"}, role="x")) == ()
