"""Answers about columns in which the run itself gives all rows that were there one value.

A new column holds NULL in old rows, or its default where that is a constant (PostgreSQL manual,
"ALTER TABLE", ADD COLUMN). The engine evaluates the condition on that value, on the twin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.units import count
from dbspecialist.proofs.data_fit.words import told, undecided

Connection = psycopg.Connection[tuple[Any, ...]]

_ROW = "SELECT 1 FROM (VALUES (1)) AS given WHERE {}"


def answer_given(claim: Claim, rows: float, connect: Callable[[], Connection]) -> DataFit:
    """Judge a claim on columns whose one value is known.

    Args:
        claim: What is claimed; its condition or query names no column.
        rows: Production's rows of the table, or 0 where they are not known.
        connect: Opens a database with production's types.
    """
    try:
        is_met = _is_met(connect(), claim)
    except psycopg.Error as error:
        words = error.diag.message_primary or error.sqlstate or "no reason given"
        return undecided(claim, f"the twin does not evaluate it: {words}")
    if not is_met:
        basis = "the run gives every row that was there one value, and the twin finds that it fits"
        return DataFit(claim, Proof(claim.text, "proven", basis), "run")
    least = 2 if claim.kind in {"unique", "taken"} else 1
    if rows < least:
        return undecided(claim, "the run gives every row one value, and their number is not known")
    basis = (
        f"the run gives all {count(rows)} rows that are there, as of the snapshot, the same value,"
        " and the twin finds that it does not fit"
    )
    return DataFit(claim, Proof(claim.text, "refuted", told(basis, claim)), "run")


def _is_met(connection: Connection, claim: Claim) -> bool:
    """Tell whether one row, or two for a unique key, refute a claim."""
    if claim.misfit:
        query = _ROW.format(claim.misfit)
    else:
        query = claim.query.replace(f" FROM {claim.reads[0]}", " FROM (VALUES (1), (2)) AS given")
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL statement_timeout = '1s'")
        return connection.execute(query.encode()).fetchone() is not None
