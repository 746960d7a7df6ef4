"""Answers from statistics: a value that refutes a claim is a counterexample as of the snapshot.

Conditions on one column are evaluated by the engine, on the twin, over the values that pg_stats
holds (PostgreSQL manual, "pg_stats"). They are a sample: finding nothing decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.data_fit import Claim, DataFit
from dbspecialist.facts.names import bare
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run
from dbspecialist.facts.units import count
from dbspecialist.proofs.data_fit.given import answer_given
from dbspecialist.proofs.data_fit.references import answer_references
from dbspecialist.proofs.data_fit.taken import answer_taken
from dbspecialist.proofs.data_fit.values import (
    Connection,
    answer_computed,
    answer_values,
    refuted,
)
from dbspecialist.proofs.data_fit.words import undecided

#: ANALYZE stores shares as single-precision floats.
_ROUNDING = 1e-4

#: Claims on the rows of tables that inherit as well; keys are of the table alone.
#: Source: PostgreSQL manual, "Inheritance", Caveats.
_INHERITED = frozenset({"check", "not null", "type", "loss"})


def answer(
    claim: Claim, run: Run, production: Catalogue, connect: Callable[[], Connection]
) -> DataFit:
    """Judge a claim by the snapshot's statistics.

    Args:
        claim: What is claimed.
        run: Holds the snapshot.
        production: The catalogue that the run begins with.
        connect: Opens a database with production's types, where one is needed.
    """
    if claim.obstacle or claim.kind == "shifted":
        return undecided(claim, claim.obstacle or "statistics do not tell which rows are meant")
    if claim.kind == "references":
        return answer_references(claim, run, production, connect)
    if claim.kind == "sequence":
        return _sequence(claim, run)
    if claim.kind in _BY_KIND:
        return _BY_KIND[claim.kind](claim, run, production, connect)
    if not claim.columns:
        return answer_given(claim, _rows(run, production, claim.reads[0]), connect)
    return _by_columns(claim, run, production, connect)


def _by_columns(
    claim: Claim, run: Run, production: Catalogue, connect: Callable[[], Connection]
) -> DataFit:
    """Judge a claim by the table's own statistics, and by those of tables that inherit from it."""
    own = _by_table(claim, claim.reads[0], run, production, connect)
    if claim.kind not in _INHERITED or " FROM ONLY " in claim.query:
        return own
    if own.proof.verdict == "refuted":
        return own
    for child in production.children(claim.reads[0]):
        found = _by_table(claim, child, run, production, connect)
        if found.proof.verdict == "refuted":
            basis = found.proof.basis.replace(" in pg_stats,", f" in pg_stats of {child},", 1)
            return replace(found, proof=replace(found.proof, basis=basis))
    return own


def _by_table(
    claim: Claim,
    table: str,
    run: Run,
    production: Catalogue,
    connect: Callable[[], Connection],
) -> DataFit:
    known = [_column(table, run, name) for name in claim.columns]
    columns = [item for item in known if item is not None]
    if claim.kind in {"children", "update"} and not claim.misfit:
        return undecided(claim, "statistics do not tell which rows are meant")
    if len(columns) < len(known):
        return undecided(claim, "the snapshot has no statistics of it")
    rows = _rows(run, production, table)
    if claim.kind in {"not null", "loss"}:
        return _nulls(claim, columns[0], rows)
    if claim.kind == "unique":
        return _overridden(claim, production) or _unique(claim, columns, rows)
    return answer_values(claim, columns, run.snapshot, production, connect)


def _rows(run: Run, production: Catalogue, table: str) -> float:
    """Return production's rows of a table, or of its partitions."""
    parts = list(production.parts_of(table, "partition"))
    return sum(_rows(run, production, item.name) for item in parts) if parts else run.rows(table)


def _column(table: str, run: Run, name: str) -> ColumnStatistics | None:
    return run.snapshot.column.get((table, bare(name))) if run.snapshot else None


def _nulls(claim: Claim, column: ColumnStatistics, rows: float) -> DataFit:
    basis = f"null_frac is {column.null_frac:g} in pg_stats, as of the snapshot"
    share = column.null_frac if claim.kind == "not null" else 1 - column.null_frac
    if share <= 0:
        return undecided(claim, basis)
    what = "NULL" if claim.kind == "not null" else "a value"
    return refuted(claim, basis, f"{what} in about {count(share * rows)} rows")


def _unique(claim: Claim, columns: Sequence[ColumnStatistics], rows: float) -> DataFit:
    """Compare distinct values with rows; a predicate, or a second column, leaves them unsaid."""
    plain = "count(*)::text FROM" in claim.query and len(columns) == 1
    if not plain or not _is_bare_key(claim):
        return undecided(claim, "statistics tell of whole columns, each alone")
    column = columns[0]
    values = rows * (1 - column.null_frac)
    distinct = column.n_distinct if column.n_distinct > 0 else -column.n_distinct * rows
    basis = f"{count(distinct)} distinct values in {count(values)} as of the snapshot"
    if distinct < values * (1 - _ROUNDING):
        return refuted(claim, basis, "")
    nulls = rows * column.null_frac
    if " IS NOT NULL" not in claim.query and nulls > 1:
        basis = f"{count(nulls)} NULLs, which are not distinct, as of the snapshot"
        return refuted(claim, basis, "NULL")
    return undecided(claim, basis)


def _overridden(claim: Claim, production: Catalogue) -> DataFit | None:
    item = production.get("column", f"{claim.reads[0]}.{claim.columns[0]}")
    if item and "n_distinct" in item.attributes.get("options", ""):
        return undecided(claim, "its n_distinct was set by hand")
    return None


def _is_bare_key(claim: Claim) -> bool:
    (column,) = claim.columns
    whole = f" FROM {claim.reads[0]}"
    ends = (f"{whole} WHERE {column} IS NOT NULL GROUP BY", f"{whole} GROUP BY {column} ")
    return any(end in claim.query for end in ends)


def _sequence(claim: Claim, run: Run) -> DataFit:
    name = f"{claim.reads[0]}.{claim.columns[0]}"
    sequences = run.snapshot.sequences if run.snapshot else ()
    found = next((item.last_value for item in sequences if item.owned_by == name), None)
    if found is None:
        return undecided(claim, "the snapshot does not tell the sequence's last value")
    limit = int(claim.query.rpartition(">= ")[2].partition(" ")[0])
    basis = f"the sequence's last value is {found:,}, as of the snapshot"
    return refuted(claim, basis, f"{found:,}") if found >= limit else undecided(claim, basis)


def _computed(
    claim: Claim,
    run: Run,
    production: Catalogue,
    connect: Callable[[], Connection],
) -> DataFit:
    known = _column(claim.reads[0], run, claim.columns[0]) if claim.columns else None
    redacted = run.snapshot is not None and run.snapshot.redacted
    if len(claim.columns) > 1 or known is None or redacted:
        return undecided(claim, "statistics tell of the values of one column, not of pairs")
    item = production.get("column", f"{claim.reads[0]}.{claim.columns[0]}")
    return answer_computed(claim, known, item.attributes["type"] if item else "text", connect)


def _taken(
    claim: Claim, run: Run, production: Catalogue, connect: Callable[[], Connection]
) -> DataFit:
    if claim.columns:
        return answer_taken(claim, run, production, connect)
    return answer_given(claim, _rows(run, production, claim.reads[0]), connect)


_BY_KIND = {"taken": _taken, "computed": _computed}
