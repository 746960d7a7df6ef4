"""What the run's own statements made of a column's NULLs before another needs them gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from dbspecialist.facts.effects import ColumnChange, StatementEffects
from dbspecialist.facts.lineage import family
from dbspecialist.facts.names import bare
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import part

#: Toolchains whose migrations are SQL: what is sent is all that there is.
_TEXT = frozenset({"sql", "flyway", "prisma"})
_LOOP = re.compile(r"\b(for|while|loop)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Backfill:
    """What statements did to the rows of one column.

    Args:
        rows: Rows that they change, as the planner counts them.
        reaches: Whether one of them reaches every row that holds NULL.
        repeats: Whether they stand in code that may send more of them than an empty twin shows.
        known: Whether all that may change the column is understood.
        added: Whether rows came: those that were there stay as they are.
    """

    rows: float = 0.0
    reaches: bool = False
    repeats: bool = False
    known: bool = True
    added: bool = False


def backfill_before(run: Run, statement: StatementEffects, change: ColumnChange) -> Backfill:
    """Return what the run's statements did to a column before one of them."""
    found = Backfill()
    for trial, item, relation, column in _names(run, statement, change):
        for table, rows in item.rows_modified.items():
            if table not in family(trial.before, relation):
                continue
            told = _one(trial, item, table, column, rows)
            if told is not None:
                found = Backfill(
                    found.rows + told.rows,
                    found.reaches or told.reaches,
                    found.repeats or told.repeats,
                    found.known and told.known,
                    found.added or told.added,
                )
        if "TRUNCATE TABLE" in item.tags and any(one.relation == relation for one in item.locks):
            found = replace(found, known=False)
    return found


def _one(
    trial: Trial, statement: StatementEffects, table: str, column: str, rows: float
) -> Backfill | None:
    """Judge the rows that one statement changes of a table; nothing where NULLs stay."""
    names = statement.columns_set.get(table)
    tags = {tag.partition(" ")[0] for tag in statement.tags}
    if names is not None and bare(column) not in names and not _has_triggers(trial, table):
        return None
    if tags == {"INSERT"}:
        return Backfill(added=True)
    repeats = bool(tags - {"UPDATE", "DELETE"}) or _is_looped(trial)
    reaches = bare(column) in statement.nulls_reached.get(table, ())
    known = not _has_triggers(trial, table) and (names is not None or tags == {"DELETE"})
    return Backfill(rows, reaches, repeats, known)


def _is_looped(trial: Trial) -> bool:
    """Tell whether a migration's own code may send a statement more often than was seen."""
    is_text = trial.migration.toolchain in _TEXT
    return not is_text and _LOOP.search(trial.source) is not None


def _has_triggers(trial: Trial, table: str) -> bool:
    catalogues = (trial.before, trial.after)
    return any(True for one in catalogues for _ in one.parts_of(table, "trigger"))


def _names(
    run: Run, until: StatementEffects, change: ColumnChange
) -> Iterator[tuple[Trial, StatementEffects, str, str]]:
    """Yield the statements before one with the names that a column's table and it have then."""
    name = change.origin
    everything = ((trial, item) for trial in run.trials for item in trial.statements)
    for trial, item in takewhile(lambda pair: pair[1] is not until, everything):
        if name is not None:
            yield trial, item, *name
            name = item.renames.get(name[0], name[0]), name[1]
        for other in item.columns:
            if other.id == change.id:
                name = (other.after.parent, part(other.after)) if other.after else None
