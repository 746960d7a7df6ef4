"""What a backfill takes: the planner's rows, and the rates of this machine."""

from __future__ import annotations

import math
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill import statements
from dbspecialist.engines.postgresql.backfill.pace import REST
from dbspecialist.facts.backfill import BackfillEstimate, BackfillLimits, BackfillPlan
from dbspecialist.proofs.rates import Rates

#: What a batch takes beside its rows, in milliseconds: six statements and a commit.
BATCH_MS = 5.0
#: How much faster a key is read than a row is changed: what is not matched is only read.
READ_FACTOR = 20.0


def matching_rows(connection: psycopg.Connection[Any], plan: BackfillPlan) -> float:
    """Return how many rows the condition matches, as the planner estimates; nothing is run."""
    where = f" WHERE {plan.condition}" if plan.condition else ""
    query = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {statements.source(plan)}{where}"
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return float(row[0][0]["Plan"]["Plan Rows"])


def estimate(
    rows: float, matching: float, rates: Rates, limits: BackfillLimits, basis: str
) -> BackfillEstimate:
    """Estimate batches and time.

    Args:
        rows: Rows in the table.
        matching: Rows that the condition matches.
        rates: This machine's rates.
        limits: The target time of a batch, and the largest.
        basis: Where the rows come from.
    """
    matching = min(matching, rows)
    ms_a_row = 1000 / rates.modify_rows
    work_ms = matching * ms_a_row + rows * ms_a_row / READ_FACTOR
    by_time = work_ms / max(limits.target_ms - BATCH_MS, 1.0)
    batches = max(math.ceil(by_time), math.ceil(rows / limits.largest_batch))
    rest = batches * limits.pause_ms if limits.pause_ms is not None else None
    total = work_ms + batches * BATCH_MS
    return BackfillEstimate(
        rows, matching, batches, total * (1 + REST) if rest is None else total + rest, basis
    )
