"""What rules about dropped columns share: what goes, what is lost, and what takes its place."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Severity
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.facts.units import count
from dbspecialist.rules.migration._columns import added_columns, is_own, part, statistics_of
from dbspecialist.rules.migration._tables import (
    as_at,
    before_run,
    changed_rows_before,
    is_filled,
    knows,
    rows_of,
)

_COLUMN = "table column "


def dropped_columns(trial: Trial, run: Run) -> Iterator[tuple[StatementEffects, SchemaObject]]:
    """Yield the columns that statements drop, of tables that may have rows in production."""
    for statement in trial.statements:
        for name in statement.drops:
            column = trial.before.get("column", name.removeprefix(_COLUMN))
            if not name.startswith(_COLUMN) or column is None or not is_own(column):
                continue
            then = as_at(run, trial, statement, column.parent)
            if is_filled(trial, then, column.parent) and _was_there(run, column):
                yield statement, column


def _was_there(run: Run, column: SchemaObject) -> bool:
    """Tell whether production has a column, under its name of now or of then.

    A column keeps its place in the table when it is renamed.
    """
    table = run.renamed.get(column.parent, column.parent)
    at_first = list(before_run(run).parts_of(table, "column"))
    if not at_first:
        return True
    place = column.attributes.get("position")
    names = {part(item) for item in at_first}
    return part(column) in names or place in {item.attributes.get("position") for item in at_first}


def successor(trial: Trial, column: SchemaObject) -> SchemaObject | None:
    """Return the column that takes a dropped one's place: of its name, or else of its type.

    One of the type counts only where it alone is added and the dropped one alone goes.
    """
    again = trial.after.get("column", column.name)
    if again is not None:
        return again
    added = list(added_columns(trial, column.parent))
    gone = [
        item.before
        for item in trial.differences
        if item.after is None
        and item.before is not None
        and item.before.kind == "column"
        and item.before.parent == column.parent
    ]
    if len(added) == len(gone) == 1 and added[0].attributes["type"] == column.attributes["type"]:
        return added[0]
    return None


def is_copied(run: Run, trial: Trial, statement: StatementEffects, column: SchemaObject) -> bool:
    """Tell whether the run added a column and changed rows of the table before the drop."""
    added = any(True for item in run.trials for _ in added_columns(item, column.parent))
    return added and changed_rows_before(run, trial, statement, column.parent)


def loss(trial: Trial, run: Run, column: SchemaObject) -> tuple[Severity, str, Proof] | None:
    """Return what goes with a column's values; nothing where all of them are NULL."""
    table = column.parent
    claim = f"no value is lost with {column.name}"
    known = statistics_of(run, table, part(column))
    if known is not None and known.null_frac >= 1:
        return None
    if known is None:
        rows = count(rows_of(trial, run, table))
        told = (
            f"up to {rows} values" if knows(trial, run, table) else "values, which are not counted"
        )
        return "warning", told, Proof(claim, "unchecked", "the snapshot has no statistics of it")
    number = (1 - known.null_frac) * rows_of(trial, run, table)
    basis = f"null_frac is {known.null_frac:g} in pg_stats, as of the snapshot"
    return "error", f"about {count(number)} values", Proof(claim, "refuted", basis)
