"""REFRESH MATERIALIZED VIEW without CONCURRENTLY makes every reader of the view wait.

## What it does
Looks for statements that refresh a materialised view that production has under a lock that
blocks reads.

## Why it matters
The query runs to its end while the view is locked with ACCESS EXCLUSIVE.

## Example
    REFRESH MATERIALIZED VIEW sales;

## Use instead
    CREATE UNIQUE INDEX CONCURRENTLY sales_key ON sales (day);
    REFRESH MATERIALIZED VIEW CONCURRENTLY sales;

## What proves it
The lock is read from the engine.

## Source
PostgreSQL manual, "REFRESH MATERIALIZED VIEW".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import (
    at,
    blocked_for,
    by_blocked_time,
    lock_evidence,
    time_evidence,
)

TITLE = "Refresh materialised views with CONCURRENTLY"
SEVERITY = "error"
ENGINES = ("postgresql",)


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each refresh that readers wait for."""
    for statement in trial.statements:
        if "REFRESH MATERIALIZED VIEW" not in {*statement.tags, *_tags(statement.creates)}:
            continue
        for lock in statement.locks:
            if lock.kind != "materialized view" or "reads" not in lock.blocks:
                continue
            yield finding(
                severity=by_blocked_time(statement, lock.relation, run),
                message=(
                    f"Materialised view {lock.relation} cannot be read while it is refreshed, "
                    f"{blocked_for(statement, lock.relation, run)} ({lock.mode})"
                ),
                location=at(trial, statement),
                evidence=(lock_evidence(lock), time_evidence(statement, lock.relation, run)),
                help="a unique index, and REFRESH MATERIALIZED VIEW CONCURRENTLY",
                relation=lock.relation,
            )


def _tags(creates: tuple[tuple[str, str, str], ...]) -> set[str]:
    return {tag for tag, _, _ in creates}
