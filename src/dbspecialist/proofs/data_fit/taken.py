"""Answers about keys that a run writes: whether a row of production has one of them already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.names import bare
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run
from dbspecialist.facts.units import count
from dbspecialist.proofs.data_fit.values import (
    VALUES,
    Connection,
    answer_values,
    is_whole,
    refuted,
    values_held,
)
from dbspecialist.proofs.data_fit.words import undecided

_INTEGERS = ("smallint", "integer", "bigint")

#: Values between two of the key's own, where it has as many rows as there are numbers.
_DENSE = """
    SELECT low, high, (SELECT min(given.key) FROM unnest(ARRAY[{listed}]::bigint[]) AS given (key)
                        WHERE given.key BETWEEN low AND high)
    FROM (SELECT min(key)::bigint AS low, max(key)::bigint AS high
            FROM unnest(%s::bigint[]) AS known (key)) AS ends
    WHERE high - low < %s
"""
_COMMON = """
    SELECT key::text
    FROM (SELECT unnest(%s::{mine}[]) UNION SELECT unnest(%s::{mine}[])) AS mine (key)
    WHERE key IN (SELECT unnest(%s::{theirs}[]) UNION ALL SELECT unnest(%s::{theirs}[]))
    ORDER BY key LIMIT 1
"""


def answer_taken(
    claim: Claim, run: Run, production: Catalogue, connect: Callable[[], Connection]
) -> DataFit:
    """Judge a claim on keys by the values that statistics hold.

    Args:
        claim: What is claimed.
        run: Holds the snapshot.
        production: The catalogue that the run begins with.
        connect: Opens a database with production's types.
    """
    table = claim.reads[0]
    known = _column(run, table, claim.columns[0])
    redacted = run.snapshot is not None and run.snapshot.redacted
    if len(claim.columns) > 1:
        return undecided(claim, "statistics tell of whole columns, each alone")
    if known is None or redacted:
        return undecided(claim, "the snapshot has no values of the key")
    if claim.referenced:
        return _met(claim, run, production, connect)
    if not claim.misfit:
        return undecided(claim, "statistics do not tell the values that are made")
    told = answer_values(claim, [known], run.snapshot, production, connect)
    if told.source:
        return told
    rows = run.rows(table) / run.scale
    return _dense(claim, known, rows, production, connect) or _absent(claim, known, rows) or told


def _column(run: Run, table: str, name: str) -> ColumnStatistics | None:
    return run.snapshot.column.get((table, bare(name))) if run.snapshot else None


def _type(production: Catalogue, table: str, column: str) -> str:
    found = production.get("column", f"{table}.{column}")
    return found.attributes["type"] if found else ""


def _dense(
    claim: Claim,
    known: ColumnStatistics,
    rows: float,
    production: Catalogue,
    connect: Callable[[], Connection],
) -> DataFit | None:
    """Refute a claim on an integer between two that have no gap: a unique key has one row each."""
    bounds = known.values.get("histogram_bounds")
    name = claim.columns[0]
    if _type(production, claim.reads[0], name) not in _INTEGERS or not bounds or known.null_frac:
        return None
    listed = claim.misfit.removeprefix(f"{name} IN (").removesuffix(")")
    query = _DENSE.format(listed=listed)
    row = _first(connect(), query, [bounds, int(rows)])
    if row is None or row[2] is None:
        return None
    low, high, found = row
    basis = (
        f"{count(rows)} rows have all of the numbers from {low:,} to {high:,}, as of the snapshot"
    )
    return refuted(claim, basis, str(found))


def _absent(claim: Claim, known: ColumnStatistics, rows: float) -> DataFit | None:
    """Tell that none of the values is there, where statistics hold all of the column's."""
    number = values_held(known)
    if not is_whole(known, rows):
        return None
    basis = f"none of the {number} values in pg_stats, which are all there are, as of the snapshot"
    return DataFit(claim, Proof(claim.text, "tested", basis, number), "statistics")


def _met(
    claim: Claim, run: Run, production: Catalogue, connect: Callable[[], Connection]
) -> DataFit:
    """Look for a value that the statistics of the key and of its source both hold."""
    table, source = claim.reads
    mine, theirs = (
        _column(run, table, claim.columns[0]),
        _column(run, source, claim.referenced[0]),
    )
    types = (
        _type(production, table, claim.columns[0]),
        _type(production, source, claim.referenced[0]),
    )
    if mine is None or theirs is None or any(name.endswith("]") or not name for name in types):
        return undecided(claim, "the snapshot has no values of both columns")
    lists = [side.values.get(name, "{}") for side in (mine, theirs) for name in VALUES]
    query = _COMMON.format(mine=types[0], theirs=types[1])
    row = _first(connect(), query, lists)
    if row is None:
        return undecided(claim, "no value stands in the pg_stats of both, as of the snapshot")
    basis = f"'{row[0]}' is in pg_stats of both columns, as of the snapshot"
    return refuted(claim, basis, f"'{row[0]}'")


def _first(connection: Connection, query: str, values: list[Any]) -> tuple[Any, ...] | None:
    """Return a query's first row; nothing where the engine does not compare such values."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL statement_timeout = '1s'")
            return connection.execute(query.encode(), values).fetchone()
    except psycopg.Error:
        return None
