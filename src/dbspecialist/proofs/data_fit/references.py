"""Foreign keys by statistics: more keys than rows to refer to, and keys outside of their range.

Distinct keys that outnumber the referenced rows cannot all have theirs; nor can those outside of
the range of the referenced column that outnumber the rows that may have come since its ANALYZE.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.names import bare
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run
from dbspecialist.facts.units import count
from dbspecialist.proofs.data_fit.one_key import answer_one_key
from dbspecialist.proofs.data_fit.words import told, undecided

Connection = psycopg.Connection[tuple[Any, ...]]

#: n_distinct is an estimate from a sample: it must exceed the rows by this to decide.
_MARGIN = 1.2
#: Above this number of rows, the sample is too small a share of them for that margin.
_MANY, _WIDE_MARGIN = 1e7, 10.0

#: What autovacuum leaves without a new ANALYZE: this many rows and this share of them
#: (PostgreSQL manual, "Automatic Vacuuming", autovacuum_analyze_threshold and _scale_factor).
_NEWER, _NEWER_SHARE = 50.0, 0.1

#: Below this n_distinct the values are taken to be as dense in each bucket of the histogram.
_DENSE = -0.5

#: Types whose order is the same on every server; that of texts follows the collation.
_ORDERED = ("smallint", "integer", "bigint", "numeric", "date", "timestamp", "uuid")


@dataclass(frozen=True, slots=True)
class _Keys:
    """The two sides of a foreign key of one column."""

    child: ColumnStatistics
    parent: ColumnStatistics
    types: tuple[str, str]
    rows: float
    there: float

    @property
    def room(self) -> float:
        """The rows that may lie outside of the range that ANALYZE's sample of the parent shows."""
        return _newest(self.there) - self.there + self.there / 100


def answer_references(
    claim: Claim, run: Run, production: Catalogue, connect: Callable[[], Connection]
) -> DataFit:
    """Judge a foreign key's claim by the statistics of both tables.

    Args:
        claim: What is claimed.
        run: Holds the snapshot.
        production: The catalogue that the run begins with.
        connect: Opens a database with production's types, where one is needed.
    """
    child, parent = claim.reads
    columns = [_statistics(run, child, name) for name in claim.columns]
    known = [item for item in columns if item is not None]
    rows, there = _rows(run, production, child), _rows(run, production, parent)
    if claim.given and claim.referenced and rows and there is not None:
        most = _newest(there) + there / 100
        return answer_one_key(claim, run, production, (there, most * _MARGIN), connect)
    if not known or len(known) < len(columns) or not claim.referenced:
        return undecided(claim, "the snapshot has no statistics of its columns")
    if rows is None or there is None:
        return undecided(claim, "the snapshot does not tell the rows of both tables")
    if any(_is_overridden(production, child, name) for name in claim.columns):
        return undecided(claim, "an n_distinct was set by hand")
    crowded = _crowded(claim, known, rows, there)
    if crowded is not None or len(known) > 1:
        return crowded or undecided(claim, "no column has more distinct values than there are rows")
    return _outside(claim, run, production, (rows, there), connect)


def _statistics(run: Run, table: str, column: str) -> ColumnStatistics | None:
    return run.snapshot.column.get((table, bare(column))) if run.snapshot else None


def _rows(run: Run, production: Catalogue, table: str) -> float | None:
    """Return a table's rows without the scale; nothing where it was not analysed."""
    parts = [item.name for item in production.parts_of(table, "partition")]
    if parts:
        found = [_rows(run, production, name) for name in parts]
        known = [rows for rows in found if rows is not None]
        return sum(known) if len(known) == len(found) else None
    sizes = run.snapshot.relation.get(table) if run.snapshot else None
    if sizes is None or (sizes.tuples < 0 and sizes.pages > 0):
        return None
    grown = sizes.pages / sizes.analysed_pages if sizes.analysed_pages else 1.0
    return max(sizes.tuples, 1.0) * grown if sizes.pages else 0.0


def _is_overridden(production: Catalogue, table: str, column: str) -> bool:
    item = production.get("column", f"{table}.{column}")
    return item is not None and "n_distinct" in item.attributes.get("options", "")


def _crowded(
    claim: Claim, columns: list[ColumnStatistics], rows: float, there: float
) -> DataFit | None:
    """Compare each column's distinct values with the rows to refer to.

    A NULL in another column lets a row pass (MATCH SIMPLE): they must have none.
    """
    margin = _MARGIN if rows <= _MANY else _WIDE_MARGIN
    for column in columns:
        distinct = _distinct(column, rows)
        others = [item for item in columns if item is not column]
        if (
            distinct > _newest(there) * margin
            and distinct >= 1
            and not any(o.null_frac for o in others)
        ):
            basis = (
                f"{claim.columns[columns.index(column)]} has about {count(distinct)} distinct "
                f"values and {claim.reads[1]} about {count(there)} rows, as of the snapshot"
            )
            return _refuted(claim, basis)
    return None


def _newest(there: float) -> float:
    """Return the most rows that there may be; a table without a page has none."""
    return there * (1 + _NEWER_SHARE) + _NEWER if there else 0.0


def _distinct(column: ColumnStatistics, rows: float) -> float:
    if column.null_frac >= 1:
        return 0
    return column.n_distinct if column.n_distinct > 0 else -column.n_distinct * rows


def _outside(
    claim: Claim,
    run: Run,
    production: Catalogue,
    rows: tuple[float, float],
    connect: Callable[[], Connection],
) -> DataFit:
    """Look for a key of the statistics outside of the range that the referenced column has."""
    child = _statistics(run, claim.reads[0], claim.columns[0])
    parent = _statistics(run, claim.reads[1], claim.referenced[0])
    items = [
        production.get("column", f"{table}.{name}")
        for table, name in zip(claim.reads, (claim.columns[0], claim.referenced[0]), strict=True)
    ]
    types = tuple(item.attributes["type"] if item else "" for item in items)
    if run.snapshot is None or run.snapshot.redacted or not (child and parent):
        return undecided(claim, "the snapshot has no values of both columns")
    if not all(name.startswith(_ORDERED) and not name.endswith("]") for name in types):
        return undecided(claim, "statistics do not tell of single values of that type")
    keys = _Keys(child, parent, (types[0], types[1]), *rows)
    try:
        return _ranged(claim, keys, connect())
    except psycopg.Error as error:
        words = error.diag.message_primary or error.sqlstate or "no reason given"
        return undecided(claim, f"the twin does not compare them: {words}")


_QUERY = """
    WITH ends AS (SELECT min(key) AS low, max(key) AS high
                    FROM (SELECT unnest(%s::{parent}[]) UNION ALL
                          SELECT unnest(%s::{parent}[])) AS parent (key)),
      child AS (SELECT key, bound FROM (
                  SELECT unnest(%s::{child}[]), false UNION ALL
                  SELECT unnest(%s::{child}[]), true) AS child (key, bound)),
      outside AS (SELECT key, bound FROM child, ends WHERE key NOT BETWEEN low AND high)
    SELECT low::text, high::text, (SELECT max(key)::text FROM outside),
      (SELECT count(DISTINCT key) FROM outside), (SELECT count(*) FROM outside WHERE bound),
      (SELECT count(*) FROM child WHERE bound), (SELECT count(*) FROM child)
    FROM ends
"""


def _ranged(claim: Claim, keys: _Keys, connection: Connection) -> DataFit:
    lists = [
        side.values.get(name, "{}")
        for side in (keys.parent, keys.child)
        for name in ("most_common_vals", "histogram_bounds")
    ]
    query = _QUERY.format(parent=keys.types[1], child=keys.types[0])
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL statement_timeout = '1s'")
        row = connection.execute(query.encode(), lists).fetchone()
    assert row is not None
    low, high, example, listed, beyond, bounds, number = row
    if low is None or not number:
        return undecided(claim, "the snapshot has no values of both columns")
    there = f"{claim.reads[1]}.{claim.referenced[0]} {low} to {high} in pg_stats"
    if example is None:
        return undecided(claim, f"{number} values lie within {there}, as of the snapshot")
    estimated = 0.0
    if keys.child.n_distinct <= _DENSE and beyond > 1:  # two ends may each have a bucket in part
        share = max(beyond - 2, 0) / (bounds - 1)
        estimated = share * _distinct(keys.child, keys.rows)
    outside = max(float(listed), estimated)
    basis = (
        f"about {count(outside)} values, one {example}, lie outside of {there}, as of the snapshot"
    )
    if outside > keys.room * _MARGIN:
        return _refuted(claim, basis, f"{claim.columns[0]} = {example}")
    return undecided(claim, f"{basis}; rows that came since may hold them")


def _refuted(claim: Claim, basis: str, counterexample: str = "") -> DataFit:
    proof = Proof(claim.text, "refuted", told(basis, claim))
    return DataFit(claim, proof, "statistics", counterexample)
