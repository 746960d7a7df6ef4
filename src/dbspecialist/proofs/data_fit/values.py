"""Conditions evaluated by the engine, on the twin, over the values that pg_stats holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.proofs.data_fit.words import quoted, told, undecided

Connection = psycopg.Connection[tuple[Any, ...]]

VALUES = ("most_common_vals", "histogram_bounds")


def answer_values(
    claim: Claim,
    columns: Sequence[ColumnStatistics],
    snapshot: Snapshot | None,
    production: Catalogue,
    connect: Callable[[], Connection],
) -> DataFit:
    """Evaluate the condition on the values that statistics hold, and on NULL where there are."""
    if len(columns) > 1:
        return undecided(claim, "it compares columns, and statistics tell of each alone")
    column = columns[0]
    item = production.get("column", f"{claim.reads[0]}.{claim.columns[0]}")
    type_ = item.attributes["type"] if item else "text"
    texts = [column.values[key] for key in VALUES if key in column.values]
    redacted = snapshot is not None and snapshot.redacted
    if redacted and "length(" not in claim.misfit:
        return undecided(claim, "the snapshot's values are stand-ins")
    if type_.endswith("]") or not (texts or column.null_frac):
        return undecided(claim, "the snapshot has no values of the column")
    try:
        number, found = _evaluate(connect(), claim, type_, texts, nulls=column.null_frac > 0)
    except psycopg.Error as error:
        words = error.diag.message_primary or error.sqlstate or "no reason given"
        return undecided(claim, f"the twin does not evaluate it: {words}")
    if found:
        shown = "" if redacted else quoted(found[0])
        words = shown or "a value"
        return refuted(claim, f"{words} is in pg_stats, as of the snapshot", shown)
    return undecided(claim, f"{number} values in pg_stats fit, as of the snapshot")


_QUERY = """
    WITH given AS MATERIALIZED (
      SELECT {column} FROM (
        {values}
      ) AS value ({column}))
    SELECT (SELECT count(*) FROM given), (
      SELECT array_agg({column}::text) FROM (
        SELECT {column} FROM given WHERE {misfit} LIMIT 1) AS found)
"""


def _evaluate(
    connection: Connection, claim: Claim, type_: str, texts: Sequence[str], *, nulls: bool
) -> tuple[int, list[str | None]]:
    """Return how many values there are, and the first that meets the condition."""
    sources = [f"SELECT unnest(%s::{type_}[])"] * len(texts)
    sources += [f"SELECT NULL::{type_}"] * nulls
    query = _QUERY.format(
        column=claim.columns[0],
        values=" UNION ALL ".join(sources),
        misfit=claim.misfit.replace("%", "%%"),
    )
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL statement_timeout = '1s'")
        row = connection.execute(query.encode(), list(texts)).fetchone()
    assert row is not None
    return int(row[0]), list(row[1] or ())


def refuted(claim: Claim, basis: str, counterexample: str = "") -> DataFit:
    """Return a claim that statistics refute."""
    proof = Proof(claim.text, "refuted", told(basis, claim))
    return DataFit(claim, proof, "statistics", counterexample)


def answer_computed(
    claim: Claim, column: ColumnStatistics, type_: str, connect: Callable[[], Connection]
) -> DataFit:
    """Compute an expression for the values of its one column; an error of theirs refutes it."""
    texts = [column.values[key] for key in VALUES if key in column.values]
    if type_.endswith("]") or not texts:
        return undecided(claim, "the snapshot has no values of the column")
    sources = " UNION ALL ".join([f"SELECT unnest(%s::{type_}[])"] * len(texts))
    query = (
        f"SELECT count({claim.misfit.replace('%', '%%')}) "
        f"FROM ({sources}) AS value ({claim.columns[0]})"
    )
    try:
        with connect().transaction(force_rollback=True):
            connect().execute("SET LOCAL statement_timeout = '1s'")
            connect().execute(query.encode(), texts)
    except psycopg.errors.DataError as error:
        words = f"{error.diag.message_primary} ({error.sqlstate})"
        return refuted(claim, f"{words} for a value in pg_stats, as of the snapshot", words)
    except psycopg.Error as error:
        told_ = error.diag.message_primary or error.sqlstate or "no reason given"
        return undecided(claim, f"the twin does not evaluate it: {told_}")
    return undecided(claim, "it can be computed for the values in pg_stats, as of the snapshot")


def is_whole(column: ColumnStatistics, rows: float) -> bool:
    """Tell whether the values in pg_stats are all that a column has."""
    distinct = column.n_distinct if column.n_distinct > 0 else -column.n_distinct * rows
    return values_held(column) >= distinct > 0


def values_held(column: ColumnStatistics) -> int:
    """Return how many values pg_stats holds of a column."""
    return sum(len(array_values(column.values.get(name, "{}"))) for name in VALUES)
