"""A unique index cannot be built over repeated values.

## What it does
Looks for unique indexes, UNIQUE constraints, primary keys and EXCLUDE constraints with `=` on
columns whose values repeat in production, as the planner's statistics tell, or the database itself
where it is asked with `--database`.

## Why it matters
The build fails with SQLSTATE 23505, or 23P01, after it has read the table; CREATE UNIQUE INDEX
CONCURRENTLY leaves an INVALID index besides. An empty test database does not show it.

## Example
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);  -- 3 % of the emails repeat

## Use instead
    SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1;

Remove the repeats first, in batches, and keep new ones out; then build the index.

## What proves it
ANALYZE counts distinct values in a sample: where it tells fewer than there are values, it has seen
one twice, and a function such as lower() repeats where its column does. For several columns it
tells of each alone: fewer combinations than rows are an error where they are fewer by more than
estimates may be wrong, and a warning else. For a partial index the rows that match a flag, or a
NULL, are compared. Other expressions and predicates stay unchecked: a warning with the query that
decides it. The database decides it where it is asked. A column that the run itself makes holds one
value in all rows that were there. Without statistics nothing is known, and that is said.

## Source
PostgreSQL manual, "pg_stats", on n_distinct and null_frac; "PostgreSQL Error Codes", 23505
unique_violation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Location, Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at
from dbspecialist.rules.migration._columns import statistics_of
from dbspecialist.rules.migration._computed import may_repeat
from dbspecialist.rules.migration._data_fit import fit_of, such_as, with_query
from dbspecialist.rules.migration._indexes import IndexParts, indexes_on, repeat_parts
from dbspecialist.rules.migration._repeats import (
    certain,
    distinct,
    key_columns,
    matching,
    predicate_column,
)

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
            parts = repeat_parts(index, trial.after) if index and not known else None
            if parts is None or not parts.unique or run.at(statement).is_empty(table):
                continue
            whole = index.attributes.get("attached_to", name) if index else name
            fit = fit_of(run, trial, "unique", whole)
            if fit is not None and fit.source in {"database", "run"}:
                judged = _by_rows(fit) if whole not in told_of else None
                told_of.add(whole)
            else:
                judged = _by_statistics(trial, run, Build(statement, table, parts))
            if judged:
                yield _finding(trial, at(trial, statement), parts, judged, fit)


def _finding(
    trial: Trial, place: Location, parts: IndexParts, judged: Judged, fit: DataFit | None
) -> Finding:
    keys, (severity, told, proof) = ", ".join(parts.keys), judged
    constraint = trial.after.get("constraint", parts.constraint)
    excludes = constraint is not None and constraint.attributes["type"] == "exclude"
    what, sqlstate = ("Exclusion constraint", "23P01") if excludes else ("Unique index", "23505")
    return finding(
        severity=severity,
        message=f"{what} {parts.name} on {parts.table} ({keys}) fails with {sqlstate}{told}",
        location=place,
        evidence=(with_query(proof, fit),),
        help=(
            f"SELECT {keys}, count(*) FROM {parts.table} GROUP BY {keys} HAVING count(*) > 1, "
            "and remove what it finds"
        ),
        relation=parts.table,
    )


@dataclass(frozen=True, slots=True)
class Build:
    """An index, the statement that builds it, and the table's name then."""

    statement: StatementEffects
    table: str
    parts: IndexParts

    def columns(self, trial: Trial) -> list[tuple[str, str]]:
        """Return the names that the table and its columns then have, "" for an expression."""
        return [self.then(trial, name) for name in key_columns(self.parts)]

    def then(self, trial: Trial, column: str) -> tuple[str, str]:
        """Return the names that the table and a column of it then have."""
        place = next(n for n, item in enumerate(trial.statements) if item is self.statement)
        return trial.name_then(self.parts.table, column, place)


def _by_rows(fit: DataFit) -> Judged | None:
    if fit.proof.verdict == "proven":
        return None
    if fit.source == "run":
        return "error", ": the run gives every row the same value", fit.proof
    return "error", f": a value repeats in the database{such_as(fit)}", fit.proof


def _by_statistics(trial: Trial, run: Run, build: Build) -> Judged | None:
    """Judge an index by the statistics of its columns, and of its predicate's."""
    parts, state = build.parts, run.state(build.statement)
    if _is_known_unique(trial, build):
        return None
    if "" in key_columns(parts):
        return None if state.changes(build.table) else _unknown(parts, _EXPRESSION)
    names = build.columns(trial)
    if any(state.source(*name).changed for name in names):
        unsure = may_repeat(trial, run, build.statement, names)
        return ("info", *_unknown(parts, _COMPUTED)[1:]) if unsure else None
    found = [statistics_of(run, build.statement, *name) for name in names]
    known = [item for item in found if item is not None]
    return _known(trial, run, build, known) if len(known) == len(found) else _unknown(parts)


def _known(trial: Trial, run: Run, build: Build, known: list[ColumnStatistics]) -> Judged | None:
    parts, rows = build.parts, run.at(build.statement).rows(build.table)
    if rows <= 1 or _overridden(trial, parts):
        return None
    judged = _one(parts, known[0], rows) if len(known) == 1 else _several(parts, known, rows)
    if judged and parts.predicate:
        return _partial(trial, run, build, known, rows)
    if judged is None:
        return _unknown(parts, _EXPRESSION) if "" in parts.columns else None
    return judged[0], f": {judged[1].basis}", judged[1]


_COMPUTED = "the run computes the values, which no statistics tell of"
_EXPRESSION = "statistics tell of columns, not of expressions"
_PREDICATE = "statistics tell of all rows, not of those that the predicate leaves"


def _partial(
    trial: Trial, run: Run, build: Build, columns: list[ColumnStatistics], rows: float
) -> Judged:
    """Judge a partial index: rows that match, without those that may hold a NULL, against keys."""
    parts = build.parts
    name = predicate_column(parts.predicate)
    asked = build.then(trial, name)
    known = statistics_of(run, build.statement, *asked) if name else None
    share = matching(parts.predicate, known)
    changed = bool(name) and run.state(build.statement).source(*asked).changed
    if share is None or changed or (run.snapshot is not None and run.snapshot.redacted):
        return _unknown(parts, _PREDICATE)
    left = rows * (share - sum(column.null_frac for column in columns))
    possible = prod(distinct(column, rows) for column in columns)
    if not certain(possible, left, columns):
        return _unknown(parts, _PREDICATE)
    basis = (
        f"{count(left)} rows match {parts.predicate} and {count(possible)} keys are possible, "
        "as of the snapshot"
    )
    claim = f"the values of {', '.join(parts.keys)} in {parts.table} are all different"
    return "error", f": {basis}", Proof(claim, "refuted", basis)


_NO_STATISTICS = "the snapshot has no statistics of the columns"


def _unknown(parts: IndexParts, why: str = _NO_STATISTICS) -> Judged:
    claim = f"the values of {', '.join(parts.keys)} in {parts.table} are all different"
    proof = Proof(claim, "unchecked", why)
    return "warning", " if a value repeats, which is not known", proof


def _is_known_unique(trial: Trial, build: Build) -> bool:
    """Tell whether a part of the key has a unique index already."""
    before = trial.name_before(build.table, build.statement)
    mine = {*build.parts.keys, *(name for name in build.parts.columns if name)}
    return any(
        other.unique and not other.predicate and set(other.keys) <= mine
        for other in indexes_on(trial.before, before)
    )


def _overridden(trial: Trial, parts: IndexParts) -> bool:
    """Tell whether a column's n_distinct was set by hand: it then tells of no sample."""
    columns = [trial.before.get("column", f"{parts.table}.{name}") for name in key_columns(parts)]
    return any("n_distinct" in item.attributes.get("options", "") for item in columns if item)


def _one(parts: IndexParts, column: ColumnStatistics, rows: float) -> tuple[Severity, Proof] | None:
    claim = f"the values of {parts.table}.{column.column} are all different"
    values = rows * (1 - column.null_frac)
    different = distinct(column, rows)
    if different < values * (1 - _ROUNDING):
        basis = f"{count(different)} distinct values in {count(values)} as of the snapshot"
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
    possible = prod(distinct(column, rows) for column in columns)
    if possible >= rows * share * (1 - _ROUNDING):
        return None
    claim = f"the values of {', '.join(parts.columns)} in {parts.table} are all different"
    basis = (
        f"about {count(possible)} combinations are possible for {count(rows * share)} rows, "
        "estimated from the snapshot's n_distinct"
    )
    without_nulls = rows * (1 - sum(column.null_frac for column in columns))
    if certain(possible, without_nulls, columns):
        return "error", Proof(claim, "refuted", basis)
    return "warning", Proof(claim, "unchecked", basis)
