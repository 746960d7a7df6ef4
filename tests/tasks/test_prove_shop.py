"""The main job on its example: every kind of proof shows in what is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbspecialist import Report, prove

SHOP = Path(__file__).parents[2] / "examples" / "shop"


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    yield prove([SHOP], snapshot=SHOP / "prod.snapshot")


def found(report: Report, rule: str) -> list[str]:
    return [item.message for item in report.findings if item.rule == rule]


def test_pending_revisions_are_those_the_snapshot_lacks(report: Report) -> None:
    revisions = [item.migration.revision for item in report.migrations]
    assert revisions == ["0010", "0011", "0012", "0013", "0014", "0015"]


def test_widening_types_is_silent_but_for_the_order_of_locks(report: Report) -> None:
    told = {item.rule for item in report.findings if "0010_" in item.location.path}
    assert told == {"lock-one-table-at-a-time"}
    first = report.migrations[0].statements
    assert [dict(item.rewrites) for item in first] == [{}, {}, {}]
    assert [item.scans for item in first] == [(), (), ()]


def test_index_and_foreign_key_have_fixes_that_were_run(report: Report) -> None:
    for rule in ("build-index-concurrently", "validate-foreign-keys-separately"):
        (finding,) = [item for item in report.findings if item.rule == rule]
        assert finding.severity == "error"
        assert finding.fix is not None
        assert {proof.verdict for proof in finding.fix.proofs} == {"proven"}


def test_locks_of_a_foreign_key_are_on_both_tables(report: Report) -> None:
    added = report.migrations[1].statements[1]
    assert {lock.relation: lock.mode for lock in added.locks} == {
        "public.order_items": "ShareRowExclusiveLock",
        "public.products": "ShareRowExclusiveLock",
    }


def test_rows_modified_are_those_of_production(report: Report) -> None:
    update = report.migrations[2].statements[1]
    assert update.rows_modified == {"public.customers": 40_000_000}


def test_dropped_column_breaks_the_code_that_reads_it(report: Report) -> None:
    (message,) = found(report, "drop-columns-after-code")
    assert "42703" in message


def test_ways_back_are_told_apart(report: Report) -> None:
    verdicts = {item.migration.revision: item.round_trip.verdict for item in report.migrations}
    assert verdicts == {
        "0010": "tested",
        "0011": "tested",
        "0012": "tested",
        "0013": "refuted",
        "0014": "refuted",
        "0015": "tested",
    }
    assert "23502" in report.migrations[3].round_trip.basis
    assert "42710" in report.migrations[4].round_trip.basis


def test_data_that_is_there_is_foretold(report: Report) -> None:
    (message,) = found(report, "backfill-before-not-null")
    assert "23502" in message
    assert "6.1 million" in message


def test_models_and_migrations_are_compared(report: Report) -> None:
    told = found(report, "keep-models-and-migrations-equal")
    assert any("public.payments.provider_reference differs" in message for message in told)
    verdicts = {proof.claim: proof.verdict for proof in report.proofs}
    assert verdicts["the history replays from zero"] == "proven"
    assert verdicts["production is what the migrations make"] == "proven"
    assert verdicts["the models and the migrated database agree"] == "refuted"


def test_a_missing_lock_timeout_is_one_finding(report: Report) -> None:
    assert len(found(report, "set-lock-timeout")) == 1


def test_scale_multiplies_sizes() -> None:
    larger = prove([SHOP], snapshot=SHOP / "prod.snapshot", to="0011", scale=10)
    built = larger.migrations[1].statements[0]
    assert larger.twin.scale == 10
    (message,) = found(larger, "build-index-concurrently")
    assert "6.1 billion rows" in message
    assert built.blocked_ms["public.order_items"] > 60_000


def test_models_are_compared_with_the_newest_revision_alone() -> None:
    earlier = prove([SHOP], snapshot=SHOP / "prod.snapshot", to="0010")
    verdicts = {proof.claim: proof.verdict for proof in earlier.proofs}
    assert verdicts["the models and the migrated database agree"] == "unchecked"
