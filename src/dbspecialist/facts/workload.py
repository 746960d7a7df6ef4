"""Workloads: the statements that a database is asked to run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkloadStatement:
    """One normalised statement with `$1` for its parameters.

    Args:
        query: The text as pg_stat_statements or an ORM gives it.
        calls: How often it ran (0: known from the models only).
        total_ms: Execution time in all, in milliseconds.
        rows: Rows returned or affected in all.
        source: `pg_stat_statements`, `models` or a file.
    """

    query: str
    calls: int = 0
    total_ms: float = 0.0
    rows: int = 0
    source: str = "pg_stat_statements"
