"""A renamed column breaks every statement that names it as before.

## What it does
Looks for columns of old tables that get another name while nothing offers the old one. Silent
where the table's old name is a view that has the column.

## Why it matters
Old code runs until the deployment is over; each of its statements that names the column fails
with 42703 from the moment of the rename.

## Example
    ALTER TABLE users RENAME COLUMN name TO full_name;

## Use instead
Add the new column, write both, fill the old rows in steps, read the new one, drop the old one;
or rename the table and put a view with the old column names in its place.

## What proves it
The engine names the renamed column; the statements of the workload and of the models are
planned on the twin after the migration. Functions of the database are read for the words.

## Source
PostgreSQL manual, "ALTER TABLE", RENAME.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.findings import finding
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, by_old_code, code_evidence, says_old_code
from dbspecialist.rules.migration._columns import Altered, at_end, part, renamed_columns
from dbspecialist.rules.migration._routines import naming_column
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Rename columns in steps"
SEVERITY = "error"
ENGINES = ("postgresql",)

UNDEFINED_COLUMN = "42703"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each renamed column whose old name is gone."""
    for item in renamed_columns(trial):
        old, new, statement = item.before, item.column, item.statement
        if old is None or item.origin is None or _is_back(trial, item):
            continue
        if not is_filled(trial, run, new.parent, statement):
            continue
        broken = broken_by(trial, part(old), UNDEFINED_COLUMN)
        routines = naming_column(run, old.parent, part(old))
        yield finding(
            severity=by_old_code(run, broken, routines),
            message=f"Column {old.name} becomes {part(new)}: "
            f"{says_old_code(run, broken, routines)}",
            location=at(trial, statement),
            evidence=(
                seen(f"renames {old.name} to {part(new)}"),
                code_evidence(run, broken),
                *(item.proof for item in routines),
            ),
            help="add the new column, write both, fill it in steps, then drop the old one",
            relation=new.parent,
        )


def _is_back(trial: Trial, item: Altered) -> bool:
    """Tell whether a column's old name is there at the end: its own again, or that of a view."""
    end = at_end(trial, item)
    if end is None or item.before is None or item.origin is None:
        return True
    table, name = item.origin[0], part(item.before)
    is_viewed = trial.after.get("view", table) and trial.after.get("column", f"{table}.{name}")
    return part(end) == name or bool(is_viewed)
