"""Whether a column that becomes NOT NULL holds NULL, and what it may be filled with before."""

from __future__ import annotations

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.data_fit import DataFit
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Severity
from dbspecialist.facts.lineage import Source
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.migration._backfills import Backfill, backfill_before
from dbspecialist.rules.migration._columns import Altered, part, statistics_of
from dbspecialist.rules.migration._data_fit import fit_of, such_as, with_query
from dbspecialist.rules.migration._sequences import backfill
from dbspecialist.rules.migration._tables import rows_error, rows_of

NOT_NULL_VIOLATION = "23502"

#: A severity, the words for the message, and the proof.
Judged = tuple[Severity, str, Proof]


def judge_nulls(trial: Trial, item: Altered, run: Run) -> Judged | None:
    """Judge a column that becomes NOT NULL; nothing where it goes through, as far as is known."""
    statement, column = item.statement, item.column
    table = column.parent
    fit = _fit(run, trial, item)
    if fit is not None and fit.source == "database":
        told = f"a row holds NULL{such_as(fit)}: it fails with 23502"
        return None if fit.proof.verdict == "proven" else ("error", told, fit.proof)
    source = run.state(statement).source(table, part(column))
    if source.value and not source.changed and fit is not None:
        return _new(trial, statement, column, run, fit)
    error = rows_error(trial, statement)
    refused = error is not None and error.sqlstate == NOT_NULL_VIOLATION
    if source.changed:
        done = backfill_before(run, statement, item.change)
        left = _left(trial, item, run, done) if done.known and done.rows else None
        if item.change.origin is None and not source.value and not refused and not done.reaches:
            return left or _of_run(item)
        is_done = not done.known or bool(done.rows) or not done.added
        if left or (is_done and not refused):
            return left
    return _by_statistics(trial, statement, column, run, refused=refused)


def _new(
    trial: Trial, statement: StatementEffects, column: SchemaObject, run: Run, fit: DataFit
) -> Judged | None:
    """Judge a column that the run made: every row that was there holds the same."""
    if fit.proof.verdict == "proven":
        return None
    if fit.proof.verdict == "refuted":
        rows = count(rows_of(trial, run, column.parent, statement))
        told = f"all {rows} rows hold NULL, which the run makes it with: it fails with 23502"
        return "error", told, fit.proof
    return "warning", "every row holds NULL: it fails with 23502 if there is one", fit.proof


#: What the planner counts may be wrong by so much, where NULLs are all that is changed.
_MARGIN = 0.9
#: So many of the rows are called all of them.
_ALL = 0.99


def _left(trial: Trial, item: Altered, run: Run, done: Backfill) -> Judged | None:
    """Judge a column that the run's UPDATEs fill in part."""
    statement, table = item.statement, item.column.parent
    source = run.state(statement).source(table, part(item.column))
    rows, share = rows_of(trial, run, table, statement), _null_share(item, run, source)
    if done.reaches or not share or done.rows >= rows * _ALL:
        return None
    nulls, changed = share * rows, f"about {count(done.rows)}"
    claim = f"no row of {table} has NULL in {part(item.column)}"
    basis = (
        f"about {count(nulls)} rows held NULL before the run, and its statements change {changed}, "
        "as the planner counts them with the snapshot's statistics"
    )
    proof = with_query(Proof(claim, "unchecked", basis), _fit(run, trial, item))
    when = ", which the run makes it with" if source.value else " as of the snapshot"
    hold = f"about {count(nulls)} rows hold NULL{when}"
    if done.rows >= nulls * _MARGIN:
        told = f"{hold}; whether they are among the {changed} that the run changes is not known"
        return "info", told, proof
    before = f"{hold}, and the run changes {changed} before it"
    if done.repeats:
        return "warning", f"{before}, if its code does so once: it then fails with 23502", proof
    return "error", f"{before}: it fails with 23502", proof


def _of_run(item: Altered) -> Judged:
    """Say of a column that the run filled by a query that its rows were not looked at."""
    claim = f"no row of {item.column.parent} has NULL in {part(item.column)}"
    basis = "the run puts its rows in, by a query that computes the column or chooses rows"
    return (
        "info",
        f"whether a row that the run puts in holds NULL {_UNSEEN}",
        Proof(claim, "unchecked", basis),
    )


_UNSEEN = "is not known: it then fails with 23502"


def _fit(run: Run, trial: Trial, item: Altered) -> DataFit | None:
    return fit_of(run, trial, "not null", item.column.name, item.statement)


def _null_share(item: Altered, run: Run, source: Source) -> float:
    """Return the share of NULLs that a column had in production, or that the run made it with."""
    column = item.column
    known = statistics_of(run, item.statement, column.parent, part(column))
    if source.origin is None:
        return float(source.value.startswith("CAST(NULL "))
    return known.null_frac if known else 0.0


_PASSED = "the migration's own code fills them, or catches the failure,"


def _passed_with_nulls(trial: Trial, column: SchemaObject, run: Run) -> bool:
    """Tell whether made-up rows held NULL before this migration or one before it in the run."""
    earlier = run.trials[: run.trials.index(trial) + 1]
    return bool(trial.round_trip) and any(column.name in item.nulls for item in earlier)


def _by_statistics(
    trial: Trial, statement: StatementEffects, column: SchemaObject, run: Run, *, refused: bool
) -> Judged | None:
    table = column.parent
    claim = f"no row of {table} has NULL in {part(column)}"
    fit = fit_of(run, trial, "not null", column.name, statement)
    known = statistics_of(run, statement, table, part(column))
    if known is not None and known.null_frac > 0:
        rows = count(known.null_frac * rows_of(trial, run, table, statement))
        told = f"about {rows} rows hold NULL as of the snapshot: it fails with 23502"
        basis = f"null_frac is {known.null_frac:g} in pg_stats, as of the snapshot"
        if not refused and _passed_with_nulls(trial, column, run):
            told = f"about {rows} rows hold NULL as of the snapshot: {_PASSED} on made-up rows"
            basis = f"{basis}; {_PASSED} on made-up rows that hold NULL"
            return "warning", told, with_query(Proof(claim, "unchecked", basis), fit)
        return "error", told, with_query(Proof(claim, "refuted", basis), fit)
    if known is None and refused:
        told = "it fails with 23502 if any row holds NULL, which is not known"
        basis = "the snapshot has no statistics of the column; sample rows with NULL are refused"
        return "warning", told, with_query(Proof(claim, "unchecked", basis), fit)
    return None


def filling(column: SchemaObject, *, value: str = "") -> Phase:
    """Return the phase that fills a column where it is NULL, by its default where it has one."""
    table, name = column.parent, part(column)
    if value or "default" in column.attributes:
        return backfill(table, name, value or "DEFAULT")
    return Phase(f"fill {name} where it is NULL, in steps that commit; no value is known for it")
