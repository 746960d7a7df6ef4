"""What rules about dropped columns share: what goes, what is lost, and what takes its place."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.migration._columns import added_columns, is_own, part, statistics_before
from dbspecialist.rules.migration._tables import (
    changed_rows_before,
    is_filled,
    knows,
    rows_of,
)


def dropped_columns(trial: Trial, run: Run) -> Iterator[tuple[StatementEffects, SchemaObject]]:
    """Yield the columns that statements drop, of tables that may have rows in production."""
    for statement in trial.statements:
        for change in statement.columns:
            column = change.before
            if change.after is not None or column is None or not is_own(column):
                continue
            if change.origin is not None and is_filled(trial, run, column.parent, statement):
                yield statement, column


def successor(trial: Trial, column: SchemaObject) -> SchemaObject | None:
    """Return the column that takes a dropped one's place: of its name, or else of its type.

    One of the type counts only where it alone is added and the dropped one alone goes.
    """
    again = trial.after.get("column", column.name)
    if again is not None:
        return again
    added = [item.column for item in added_columns(trial, column.parent)]
    gone = [
        change.before
        for statement in trial.statements
        for change in statement.columns
        if change.after is None and change.before and change.before.parent == column.parent
    ]
    if len(added) == len(gone) == 1 and added[0].attributes["type"] == column.attributes["type"]:
        return added[0]
    return None


def is_copied(run: Run, trial: Trial, statement: StatementEffects, column: SchemaObject) -> bool:
    """Tell whether the run added a column and changed rows of the table before the drop."""
    added = any(True for item in run.trials for _ in added_columns(item, column.parent))
    return added and changed_rows_before(run, statement, column.parent)


def loss(
    trial: Trial, run: Run, statement: StatementEffects, column: SchemaObject
) -> tuple[Severity, str, Proof] | None:
    """Return what goes with a column's values; nothing where all of them are NULL."""
    table = column.parent
    claim = f"no value is lost with {column.name}"
    known = statistics_before(run, statement, table, part(column))
    if known is not None and known.null_frac >= 1:
        return None
    if known is None:
        rows = count(rows_of(trial, run, table, statement))
        told = (
            f"up to {rows} values"
            if knows(trial, run, table, statement)
            else "values, which are not counted"
        )
        return "warning", told, Proof(claim, "unchecked", "the snapshot has no statistics of it")
    number = (1 - known.null_frac) * rows_of(trial, run, table, statement)
    basis = f"null_frac is {known.null_frac:g} in pg_stats, as of the snapshot"
    return "error", f"about {count(number)} values", Proof(claim, "refuted", basis)
