"""Backfills carried out on a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from backfill_target import ROLE, prepare, role_url, value

from dbspecialist.engines.receipt_file import read_receipt
from dbspecialist.facts.backfill import BackfillLimits, BackfillStep
from dbspecialist.facts.errors import InputError
from dbspecialist.tasks.backfill import backfill
from dbspecialist.twins.cluster import Cluster

Database = psycopg.Connection[Any]
FAST = BackfillLimits(batch_rows=60, largest_batch=60, pause_ms=0.0, target_ms=60_000.0)
VERIFY = "UPDATE users SET verified = false WHERE verified IS NULL"


@pytest.fixture
def url(cluster: Cluster, database: Database) -> str:
    prepare(database)
    return role_url(cluster, database)


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    return tmp_path / "receipt.json"


def test_backfill_of_unset_values_ends_with_none_left(
    url: str, database: Database, receipt: Path
) -> None:
    planned = backfill(VERIFY, database=url, plan=receipt)

    assert planned.receipt.plan.statement == (
        "UPDATE public.users SET verified = false WHERE (users.verified IS NULL)"
    )
    assert [(proof.claim, proof.verdict) for proof in planned.receipt.proofs] == [
        ("each row's new values follow from that row alone", "proven"),
        ("a row that is done is not matched again", "proven"),
        ("the engine takes the new values of each row", "tested"),
        ("in batches the statement does what it does at once", "tested"),
        ("done twice, a row is as done once", "tested"),
        ("no trigger of public.users fires for its updated rows", "proven"),
    ]
    assert planned.estimate is not None
    assert (planned.estimate.rows, round(planned.estimate.matching)) == (500, 334)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 334

    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)

    assert ended.state is not None
    state = ended.state
    assert (state.rows, state.keys, state.passes, state.fence) == (334, 500, 2, 1)
    assert (state.batches, state.upper_key, state.is_done) == (18, ("500",), True)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0
    assert [proof.verdict for proof in ended.proofs] == ["proven", "proven"]


def test_receipt_is_carried_out_once(url: str, database: Database, receipt: Path) -> None:
    planned = backfill("UPDATE users SET n = n + 1", database=url, plan=receipt)
    verdicts = {proof.claim: proof.verdict for proof in planned.receipt.proofs}
    assert verdicts["a row that is done is not matched again"] == "refuted"
    assert verdicts["done twice, a row is as done once"] == "refuted"

    first = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
    again = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)

    assert first.state == again.state
    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 500

    backfill("UPDATE users SET n = n + 1", database=url, plan=receipt)
    backfill(database=url, receipt=receipt, role=ROLE, limits=FAST)
    assert value(database, "SELECT count(*) FROM users WHERE n = 2") == 500


def test_rows_inserted_beyond_the_upper_bound_are_left(
    url: str, database: Database, receipt: Path
) -> None:
    backfill("UPDATE users SET n = n + 1", database=url, plan=receipt)

    def insert(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep) and step.state.batches == 1:
            database.execute("INSERT INTO users (id) VALUES (501), (30000)")

    backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=insert)

    assert value(database, "SELECT count(*) FROM users WHERE n = 1") == 500
    assert value(database, "SELECT array_agg(id ORDER BY id) FROM users WHERE n = 0") == [
        501,
        30000,
    ]


def test_rows_that_appear_behind_are_found_where_that_is_safe(
    url: str, database: Database, receipt: Path
) -> None:
    backfill(VERIFY, database=url, plan=receipt)

    def unset(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep) and (step.state.passes, step.state.batches) == (1, 5):
            database.execute("UPDATE users SET verified = NULL WHERE id IN (1, 2)")

    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=unset)

    assert ended.state is not None
    assert (ended.state.rows, ended.state.passes) == (336, 3)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0


def test_rows_that_keep_coming_stop_the_job(url: str, database: Database, receipt: Path) -> None:
    backfill(VERIFY, database=url, plan=receipt)

    def unset(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep):
            database.execute("UPDATE users SET verified = NULL WHERE id = 1 AND verified = false")

    with pytest.raises(InputError, match=r"^public.users: rows that match keep coming \(1 in the"):
        backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=unset)


def test_what_only_the_trial_says_is_counted_and_not_done_again(
    url: str, database: Database, receipt: Path
) -> None:
    upper = "UPDATE users SET note = upper(note) WHERE note <> upper(note)"
    planned = backfill(upper, database=url, plan=receipt)
    assert planned.receipt.plan.excludes == "tested"

    def change(step: str | BackfillStep) -> None:
        if isinstance(step, BackfillStep) and (step.state.passes, step.state.batches) == (1, 5):
            database.execute("UPDATE users SET note = 'written by the application' WHERE id = 7")

    ended = backfill(database=url, receipt=receipt, role=ROLE, limits=FAST, progress=change)

    assert value(database, "SELECT note FROM users WHERE id = 7") == "written by the application"
    assert [(proof.verdict, proof.basis) for proof in ended.proofs[1:]] == [
        ("refuted", "1 rows match: they matched again, or appeared meanwhile")
    ]


def test_write_of_the_application_is_not_overwritten(
    cluster: Cluster, url: str, database: Database, receipt: Path
) -> None:
    """The application holds a row while its batch waits, and the batch sees what it wrote."""
    backfill(VERIFY, database=url, plan=receipt)
    with cluster.connect(database.info.dbname) as other:
        other.execute("BEGIN")
        other.execute("UPDATE users SET verified = true, n = 7 WHERE id = 100")

        def commit(step: str | BackfillStep) -> None:
            if isinstance(step, BackfillStep) and step.waiting:
                waited.append(step.waiting)
                other.execute("COMMIT")

        waited: list[str] = []
        limits = BackfillLimits(batch_rows=500, lock_timeout_ms=50, pause_ms=0.0)
        backfill(database=url, receipt=receipt, role=ROLE, limits=limits, progress=commit)

    assert waited == ["canceling statement due to lock timeout"]
    assert database.execute("SELECT verified, n FROM users WHERE id = 100").fetchone() == (True, 7)
    assert value(database, "SELECT count(*) FROM users WHERE verified IS NULL") == 0


def test_receipt_file_holds_the_whole_receipt(url: str, receipt: Path) -> None:
    planned = backfill(VERIFY, database=url, plan=receipt)
    assert read_receipt(receipt) == planned.receipt
    text = receipt.read_text()
    assert "postgresql://" not in text
    assert '"verdict": "proven"' in text


def test_statement_in_parts_is_the_statement(url: str, receipt: Path) -> None:
    parts = {"table": "users", "set_": "verified = false", "where": "verified IS NULL"}
    planned = backfill(**parts, database=url, plan=receipt)  # type: ignore[arg-type]
    assert planned.receipt.plan.statement == (
        "UPDATE public.users SET verified = false WHERE (users.verified IS NULL)"
    )
