from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.facts.effects import Filling, StatementEffects
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.rates import Rates
from dbspecialist.proofs.trials import try_migrations
from dbspecialist.toolchains.sql_files import SqlFiles
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.stage import open_stage

RATES = Rates(scan_bytes=1e9, rewrite_bytes=2.5e8, index_rows=2e6, check_rows=3e6, modify_rows=3e5)

SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, note text, "totalSum" int);
CREATE TABLE visits (day int NOT NULL, page text) PARTITION BY RANGE (day);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (1) TO (9);
"""


def seen(cluster: Cluster, folder: Path, change: str, *, together: bool = False) -> Run:
    (folder / "001_change.sql").write_text(change)
    project = SqlFiles(folder, folder, single_transaction=together)
    with open_stage(None, cluster=cluster) as stage, stage.database() as database:
        with stage.admin(database) as admin:
            admin.execute(f"SET ROLE dbs_owner; SET search_path = public; {SCHEMA}".encode())
        return try_migrations(stage, project, project.history(), template=database, rates=RATES)


def told(statement: StatementEffects) -> list[tuple[str, str, tuple[str, str] | None]]:
    return [
        (
            change.before.name if change.before else "",
            change.after.name if change.after else "",
            change.origin,
        )
        for change in statement.columns
    ]


RENAMED = """
ALTER TABLE orders RENAME note TO remark;
ALTER TABLE orders RENAME TO sales;
ALTER TABLE sales ALTER remark SET NOT NULL;
ALTER TABLE sales RENAME remark TO "theRemark";
ALTER TABLE sales DROP "theRemark";
"""


@pytest.mark.parametrize("together", [False, True])
def test_columns_keep_their_origin_through_renames(
    cluster: Cluster, tmp_path: Path, together: bool
) -> None:
    run = seen(cluster, tmp_path, RENAMED, together=together)
    origin = ("public.orders", "note")
    (trial,) = run.trials
    assert [told(item) for item in trial.statements] == [
        [("public.orders.note", "public.orders.remark", origin)],
        [],
        [("public.sales.remark", "public.sales.remark", origin)],
        [("public.sales.remark", 'public.sales."theRemark"', origin)],
        [('public.sales."theRemark"', "", origin)],
    ]
    assert trial.statements[1].renames == {"public.orders": "public.sales"}
    assert trial.statements[2].names["public.sales"] == "public.orders"
    assert trial.statements[2].scans == ("public.sales",)
    assert run.renamed["public.sales"] == "public.orders"
    assert run.state(trial.statements[2]).source("public.sales", "remark").origin == origin


def test_locks_held_under_the_old_name_of_a_table_count_under_the_new(
    cluster: Cluster, tmp_path: Path
) -> None:
    (trial,) = seen(cluster, tmp_path, RENAMED, together=True).trials
    assert [(item.relation, item.mode) for item in trial.statements[2].held] == [
        ("public.sales", "AccessExclusiveLock")
    ]


@pytest.mark.parametrize("together", [False, True])
def test_new_columns_tell_what_old_rows_hold(
    cluster: Cluster, tmp_path: Path, together: bool
) -> None:
    change = """
    ALTER TABLE orders ADD a int, ADD b text DEFAULT 'x, y', ADD c text DEFAULT NULL;
    ALTER TABLE orders ADD d float DEFAULT random();
    ALTER TABLE orders ADD e int GENERATED ALWAYS AS (id * 2) VIRTUAL;
    ALTER TABLE visits ADD f int DEFAULT 7;
    """
    (trial,) = seen(cluster, tmp_path, change, together=together).trials
    fillings = {
        change.after.name: change.filling
        for statement in trial.statements
        for change in statement.columns
        if change.after is not None
    }
    assert fillings == {
        "public.orders.a": Filling(None),
        "public.orders.b": Filling("x, y"),
        "public.orders.c": Filling(None),
        "public.orders.d": None,
        "public.orders.e": None,
        "public.visits.f": Filling("7"),
        "public.visits_1.f": Filling("7"),
    }


@pytest.mark.parametrize("together", [False, True])
def test_not_null_that_is_checked_later_is_told_when_it_is(
    cluster: Cluster, tmp_path: Path, together: bool
) -> None:
    change = """
    ALTER TABLE orders ADD CONSTRAINT n NOT NULL note NOT VALID;
    ALTER TABLE orders VALIDATE CONSTRAINT n;
    """
    (trial,) = seen(cluster, tmp_path, change, together=together).trials
    states = [
        (item.before.attributes["not_null"], item.after.attributes["not_null"])
        for statement in trial.statements
        for item in statement.columns
        if item.before and item.after
    ]
    assert states == [("false", "not valid"), ("not valid", "true")]


def test_what_a_savepoint_takes_back_is_told_again(cluster: Cluster, tmp_path: Path) -> None:
    change = """
    BEGIN;
    ALTER TABLE orders RENAME note TO remark;
    SAVEPOINT s;
    ALTER TABLE orders RENAME TO sales;
    ALTER TABLE sales RENAME remark TO words;
    ROLLBACK TO s;
    ALTER TABLE orders ALTER remark SET NOT NULL;
    COMMIT;
    """
    (trial,) = seen(cluster, tmp_path, change).trials
    assert told(trial.statements[-1]) == [
        ("public.orders.remark", "public.orders.remark", ("public.orders", "note"))
    ]
    assert trial.statements[-1].scans == ("public.orders",)


def test_columns_of_a_table_that_the_statement_makes_say_so(
    cluster: Cluster, tmp_path: Path
) -> None:
    change = "CREATE TABLE made (id int); ALTER TABLE made ADD note text;"
    (trial,) = seen(cluster, tmp_path, change, together=True).trials
    assert [change.makes_table for item in trial.statements for change in item.columns] == [
        True,
        False,
    ]
    assert trial.statements[1].names == {"public.made": ""}


def test_updates_tell_which_columns_they_set(cluster: Cluster, tmp_path: Path) -> None:
    change = """
    UPDATE orders AS o SET "totalSum" = 1, note = (SELECT page FROM visits LIMIT 1) WHERE id = 3;
    DO $$ BEGIN UPDATE public.orders SET (note, "totalSum") = ('a', 2); END $$;
    WITH gone AS (DELETE FROM visits RETURNING day) UPDATE orders SET note = 'b';
    INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'c';
    """
    (trial,) = seen(cluster, tmp_path, change).trials
    assert [item.columns_set for item in trial.statements] == [
        {"public.orders": ("note", "totalSum")},
        {"public.orders": ("note", "totalSum")},
        {"public.orders": ("note",)},
        {},
    ]
