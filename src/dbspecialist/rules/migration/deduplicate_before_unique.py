"""A unique index cannot be built over repeated values.

## What it does
Looks for unique indexes, UNIQUE constraints and primary keys on columns whose values repeat in
production, as the planner's statistics tell, or the database itself where it is asked with
`--database`.

## Why it matters
The build fails with SQLSTATE 23505 after it has read the table; CREATE UNIQUE INDEX CONCURRENTLY
leaves an INVALID index besides. An empty test database does not show it.

## Example
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);  -- 3 % of the emails repeat

## Use instead
    SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1;

Remove the repeats first, in batches, and keep new ones out; then build the index.

## What proves it
ANALYZE counts distinct values in a sample: where it tells fewer than there are values, it has seen
one twice. For several columns it tells of each alone; that fewer combinations are possible than
there are rows is an estimate and is said to be one. The database decides it where it is asked, for
partial indexes and expressions too.

## Source
PostgreSQL manual, "pg_stats", on n_distinct and null_frac; "PostgreSQL Error Codes", 23505
unique_violation.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.finding import Finding, Location, Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._columns import statistics_of
from dbspecialist.rules.migration._data_fit import fit_of, such_as, with_query
from dbspecialist.rules.migration._indexes import IndexParts, index_parts

TITLE = "Remove repeated values before a unique index is built"
SEVERITY = "error"
ENGINES = ("postgresql",)

#: ANALYZE stores shares as single-precision floats.
_ROUNDING = 1e-4

#: A severity, the words for the message, and the proof.
Judged = tuple[Severity, str, Proof]


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each unique index on columns whose values repeat."""
    told_of: set[str] = set()  # a partitioned index is told once, not for each partition
    for statement in trial.statements:
        for name, table in statement.index_builds.items():
            index = trial.after.get("index", name)
            known = trial.before.get("index", name) is not None
            parts = index_parts(index) if index and not known else None
            if parts is None or run.is_empty(table):
                continue
            whole = index.attributes.get("attached_to", name) if index else name
            fit = fit_of(run, trial, "unique", whole)
            if fit is not None and fit.source == "database":
                judged = _by_database(fit) if whole not in told_of else None
                told_of.add(whole)
            else:
                judged = _by_statistics(trial, run, parts)
            if judged:
                severity, told, proof = judged
                yield _finding(at(trial, statement), parts, severity, told, with_query(proof, fit))


def _finding(
    place: Location, parts: IndexParts, severity: Severity, told: str, proof: Proof
) -> Finding:
    keys = ", ".join(parts.keys)
    return Finding(
        rule="deduplicate-before-unique",
        severity=severity,
        message=f"Unique index {parts.name} on {parts.table} ({keys}) fails with 23505: {told}",
        location=place,
        evidence=(proof,),
        help=(
            f"SELECT {keys}, count(*) FROM {parts.table} GROUP BY {keys} HAVING count(*) > 1, "
            "and remove what it finds"
        ),
        relation=parts.table,
    )


def _by_database(fit: DataFit) -> Judged | None:
    told = f"a value repeats in the database{such_as(fit)}"
    return None if fit.proof.verdict == "proven" else ("error", told, fit.proof)


def _by_statistics(trial: Trial, run: Run, parts: IndexParts) -> Judged | None:
    if run.rows(parts.table) <= 1 or _overridden(trial, parts):
        return None
    found = _judged(parts, run)
    return (found[0], found[1].basis, found[1]) if found else None


def _judged(parts: IndexParts, run: Run) -> tuple[Severity, Proof] | None:
    """Judge an index by the statistics of its columns; a predicate leaves them unsaid."""
    found = [statistics_of(run, parts.table, column) for column in parts.columns]
    known = [item for item in found if item is not None]
    if not parts.unique or parts.predicate or len(known) < len(found):
        return None
    rows = run.rows(parts.table)
    if len(known) == 1:
        return _one(parts, known[0], rows)
    return _several(parts, known, rows)


def _overridden(trial: Trial, parts: IndexParts) -> bool:
    """Tell whether a column's n_distinct was set by hand: it then tells of no sample."""
    columns = [trial.before.get("column", f"{parts.table}.{name}") for name in parts.columns]
    return any("n_distinct" in item.attributes.get("options", "") for item in columns if item)


def _one(parts: IndexParts, column: ColumnStatistics, rows: float) -> tuple[Severity, Proof] | None:
    claim = f"the values of {parts.table}.{column.column} are all different"
    values = rows * (1 - column.null_frac)
    distinct = _distinct(column, rows)
    if distinct < values * (1 - _ROUNDING):
        basis = f"{count(distinct)} distinct values in {count(values)} as of the snapshot"
        return "error", Proof(claim, "refuted", basis)
    nulls = rows * column.null_frac
    if "NULLS NOT DISTINCT" in parts.rest and nulls > 1:
        basis = f"{count(nulls)} NULLs, which are not distinct, as of the snapshot"
        return "error", Proof(claim, "refuted", basis)
    return None


def _several(
    parts: IndexParts, columns: list[ColumnStatistics], rows: float
) -> tuple[Severity, Proof] | None:
    """Judge by the number of possible combinations; rows with a NULL never repeat."""
    share = prod(1 - column.null_frac for column in columns)
    possible = prod(_distinct(column, rows) for column in columns)
    if possible >= rows * share * (1 - _ROUNDING):
        return None
    claim = f"the values of {', '.join(parts.columns)} in {parts.table} are all different"
    basis = (
        f"about {count(possible)} combinations are possible for {count(rows * share)} rows, "
        "estimated from the snapshot's n_distinct"
    )
    return "warning", Proof(claim, "unchecked", basis)


def _distinct(column: ColumnStatistics, rows: float) -> float:
    return column.n_distinct if column.n_distinct > 0 else -column.n_distinct * rows
