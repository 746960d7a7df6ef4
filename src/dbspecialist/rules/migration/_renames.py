"""What rules about renamed and moved tables share."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Run, Trial
from dbspecialist.rules.migration._columns import altered, mentions
from dbspecialist.rules.migration._tables import is_filled

_RELATIONS = ("table", "view", "materialized view", "foreign table")


def schema_of(name: str) -> str:
    """Return the schema of a qualified name."""
    return name.rpartition(".")[0]


def renamed_tables(
    trial: Trial, run: Run
) -> Iterator[tuple[StatementEffects, SchemaObject, SchemaObject]]:
    """Yield filled tables that another name, as they were and are, with nothing under the old."""
    for item in trial.differences:
        new = item.after
        if item.before is not None or new is None or new.kind != "table":
            continue
        old = trial.before.get("table", run.renamed.get(new.name, new.name))
        if old is None or any(trial.after.get(kind, old.name) for kind in _RELATIONS):
            continue
        statement = _statement(trial, old, new)
        if statement is not None and is_filled(trial, run, old.name):
            yield statement, old, new


def _statement(trial: Trial, old: SchemaObject, new: SchemaObject) -> StatementEffects | None:
    for statement in trial.statements:
        if new.name in altered(statement) or schema_of(new.name) in altered(statement):
            return statement
    return next((item for item in trial.statements if mentions(item, old.name)), None)
