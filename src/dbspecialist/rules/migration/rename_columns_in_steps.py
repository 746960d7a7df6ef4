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
planned on the twin after the migration.

## Source
PostgreSQL manual, "ALTER TABLE", RENAME.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.judging import at, seen
from dbspecialist.rules.migration._code import broken_by, by_old_code, code_evidence, says_old_code
from dbspecialist.rules.migration._columns import added_columns, part
from dbspecialist.rules.migration._tables import is_filled

TITLE = "Rename columns in steps"
SEVERITY = "error"
ENGINES = ("postgresql",)

UNDEFINED_COLUMN = "42703"


def check(trial: Trial, run: Run) -> Iterator[Finding]:
    """Yield a finding for each renamed column whose old name is gone."""
    for statement, old, new in _renamed(trial):
        if not is_filled(trial, run, new.parent):
            continue
        broken = broken_by(trial, part(old), UNDEFINED_COLUMN)
        yield Finding(
            rule="rename-columns-in-steps",
            severity=by_old_code(run, broken),
            message=f"Column {old.name} becomes {part(new)}: {says_old_code(run, broken)}",
            location=at(trial, statement),
            evidence=(seen(f"renames {old.name} to {part(new)}"), code_evidence(run, broken)),
            help="add the new column, write both, fill it in steps, then drop the old one",
            relation=new.parent,
        )


def _renamed(trial: Trial) -> Iterator[tuple[StatementEffects, SchemaObject, SchemaObject]]:
    dropped = {name for item in trial.statements for name in item.drops}
    gone = [
        item.before
        for item in trial.differences
        if item.after is None
        and item.before is not None
        and item.before.kind == "column"
        and f"table column {item.before.name}" not in dropped
    ]
    for statement in trial.statements:
        names = {name for tag, kind, name in statement.creates if kind == "table column"}
        for new in added_columns(trial):
            if new.name in names:
                for old in gone:
                    if old.parent == new.parent and _alike(old, new):
                        yield statement, old, new


def _alike(old: SchemaObject, new: SchemaObject) -> bool:
    return old.attributes["position"] == new.attributes["position"]
