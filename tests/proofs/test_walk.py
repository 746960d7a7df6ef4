from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.facts.trial import Trial
from dbspecialist.proofs import walk
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)


def trials(cluster: Cluster, folder: Path, *files: str) -> tuple[Trial, ...]:
    for number, text in enumerate(files, 1):
        (folder / f"{number:03}_step.sql").write_text(text)
    project = SqlFiles(folder, folder)
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with cluster.connect(database) as admin:
            admin.execute("SET ROLE dbs_owner; CREATE TABLE orders(id int PRIMARY KEY, total int)")
        history = project.history()
        return try_migrations(stage, project, history, template=database, rates=RATES).trials


def changed(trial: Trial) -> list[tuple[str, str]]:
    return [item.object.key for item in trial.differences]


def test_file_that_fails_half_way_is_walked_anew(cluster: Cluster, tmp_path: Path) -> None:
    first, second = trials(
        cluster,
        tmp_path,
        "ALTER TABLE orders ADD CONSTRAINT never CHECK (total < total) NOT VALID;"
        "ALTER TABLE orders VALIDATE CONSTRAINT never;",
        "ALTER TABLE orders ADD note text;",
    )
    assert [(item.index, item.error.sqlstate) for item in first.rows_errors] == [(1, "23514")]
    assert changed(first) == [("constraint", "public.orders.never")]
    assert changed(second) == [("column", "public.orders.note")]
    assert second.before.get("constraint", "public.orders.never") is not None


def test_invalid_index_of_a_failed_build_is_not_in_the_way(
    cluster: Cluster, tmp_path: Path
) -> None:
    (only,) = trials(
        cluster, tmp_path, "CREATE UNIQUE INDEX CONCURRENTLY one ON orders ((total <> total));"
    )
    assert [item.error.sqlstate for item in only.rows_errors] == ["23505"]
    assert changed(only) == [("index", "public.one")]
    assert "valid" not in only.differences[0].object.attributes


def test_file_that_fails_at_once_keeps_its_ground(cluster: Cluster, tmp_path: Path) -> None:
    (only,) = trials(
        cluster, tmp_path, "ALTER TABLE orders ADD CONSTRAINT never CHECK (total < total);"
    )
    assert [item.error.sqlstate for item in only.rows_errors] == ["23514"]
    assert changed(only) == [("constraint", "public.orders.never")]


def test_tables_and_columns_made_on_the_way_get_rows(cluster: Cluster, tmp_path: Path) -> None:
    made, added, refused, late = trials(
        cluster,
        tmp_path,
        "CREATE TABLE notes (id int PRIMARY KEY, body text);",
        "ALTER TABLE orders ADD kind text;",
        "ALTER TABLE notes ADD CONSTRAINT never CHECK (body < body);",
        "ALTER TABLE orders ADD CONSTRAINT not_late CHECK (kind < kind);",
    )
    assert made.rows_errors == added.rows_errors == ()
    assert [item.error.sqlstate for item in refused.rows_errors] == ["23514"]
    assert [item.error.sqlstate for item in late.rows_errors] == ["23514"]


MANY = (
    "CREATE TABLE notes (id int PRIMARY KEY, body text);",
    "ALTER TABLE orders ADD kind text;",
    "ALTER TABLE orders ADD CONSTRAINT never CHECK (total < total);",
    "ALTER TABLE notes ADD CONSTRAINT never_so CHECK (body < body);",
    "CREATE UNIQUE INDEX CONCURRENTLY one ON orders ((total <> total));",
    "ALTER TABLE orders ADD note text;",
)


def test_second_half_is_walked_as_after_the_first(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "LEAST_HALF", 3)
    seen = trials(cluster, tmp_path, *MANY)
    assert [changed(item) for item in seen] == [
        [
            ("table", "public.notes"),
            ("column", "public.notes.id"),
            ("column", "public.notes.body"),
            ("constraint", "public.notes.notes_pkey"),
            ("index", "public.notes_pkey"),
        ],
        [("column", "public.orders.kind")],
        [("constraint", "public.orders.never")],
        [("constraint", "public.notes.never_so")],
        [("index", "public.one")],
        [("column", "public.orders.note")],
    ]
    errors = [[error.error.sqlstate for error in item.rows_errors] for item in seen]
    assert errors == [[], [], ["23514"], ["23514"], [], []]


def test_nothing_is_walked_after_a_first_half_that_stops(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "LEAST_HALF", 2)
    first, *rest = trials(
        cluster,
        tmp_path,
        "ALTER TABLE orders ADD note text;",
        "SELECT 1 / 0;",
        "ALTER TABLE orders ADD kind text;",
        "ALTER TABLE orders ADD late date;",
    )
    assert changed(first) == [("column", "public.orders.note")]
    assert [changed(item) for item in rest] == [[], [], []]
