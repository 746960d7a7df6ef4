"""Whether a row that is done is matched again, as the planner and the sample rows say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.proofs.backfill import try_backfill
from dbspecialist.tasks.sources import snapshot_of_sql
from dbspecialist.twins.stage import Stage, open_stage

SCHEMA = """
CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL, c int, d int, j json, t text,
                s int CHECK (s < 10));
CREATE TABLE g (id int PRIMARY KEY, c int, twice int GENERATED ALWAYS AS (c * 2) STORED);
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Snapshot]]:
    path: Path = tmp_path_factory.mktemp("schema") / "schema.sql"
    path.write_text(SCHEMA)
    snapshot = snapshot_of_sql(path)
    with open_stage(snapshot) as stage:
        yield stage, snapshot


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ("UPDATE a SET c = 0 WHERE c IS NULL", "proven"),
        ("UPDATE a SET c = 0 WHERE c IS NULL AND d > 5", "proven"),
        ("UPDATE a SET c = b WHERE c IS NULL", "proven"),  # b is NOT NULL
        ("UPDATE a SET t = 'x' WHERE t IS DISTINCT FROM 'x'", "proven"),
        ("UPDATE a SET c = 2 WHERE c = 1", "proven"),
        ("UPDATE a SET c = NULL WHERE c = 1", "proven"),
        ("UPDATE a SET j = '{}' WHERE j IS NULL", "proven"),
        ("UPDATE a SET t = upper(t) WHERE t <> upper(t)", "tested"),
        # Where d is NULL the row is matched again: a run counts such rows at its end.
        ("UPDATE a SET c = d WHERE c IS NULL", "tested"),
        # A second time these would write over what the application has written meanwhile.
        ("UPDATE a SET c = 0 WHERE b <> 5", "refuted"),
        ("UPDATE a SET c = NULL WHERE b <> 5", "refuted"),
        ("UPDATE a SET c = coalesce(c, 0) / 2", "refuted"),
        ("UPDATE g SET c = 1 WHERE twice IS NULL", "tested"),
    ],
)
def test_row_that_is_done_is_matched_again_or_not(
    statement: str, verdict: str, twin: tuple[Stage, Snapshot]
) -> None:
    stage, snapshot = twin
    tried = try_backfill(stage, snapshot, statement, {})
    assert tried.plan.excludes == verdict, tried.proofs
