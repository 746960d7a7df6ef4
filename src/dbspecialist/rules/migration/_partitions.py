"""What partition rules share: which partitions come and go, and where their rows are."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.partition_bounds import bound_condition, partition_key
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import last
from dbspecialist.facts.trial import Trial
from dbspecialist.rules.migration._columns import mentions


def attached(trial: Trial) -> Iterator[tuple[StatementEffects, SchemaObject]]:
    """Yield the partitions that a migration adds to parents that were there before it."""
    for item in trial.differences:
        new = item.after
        if new is None or new.kind != "partition" or item.before is not None:
            continue
        statement = statement_of(trial, new)
        if statement is not None and trial.before.get("table", new.parent):
            yield statement, new


def statement_of(trial: Trial, partition: SchemaObject) -> StatementEffects | None:
    """Return the last statement that names a partition and its parent, or the partition alone."""
    child, parent = (last(name) for name in (partition.name, partition.parent))
    named = [item for item in reversed(trial.statements) if mentions(item, child)]
    return next(iter([item for item in named if mentions(item, parent)] or named), None)


def default_partition(catalogue: Catalogue, parent: str) -> str | None:
    """Return the DEFAULT partition of a table."""
    found = (
        item.name
        for item in catalogue.parts_of(parent, "partition")
        if item.attributes.get("bound") == "DEFAULT"
    )
    return next(found, None)


def bound_as_check(catalogue: Catalogue, partition: SchemaObject) -> str | None:
    """Write a partition's bound as a condition.

    Nothing for hash and DEFAULT bounds, lists with NULL, and keys with expressions.
    """
    parent = catalogue.get("table", partition.parent)
    key = partition_key(parent.attributes.get("partition_key", "")) if parent else None
    bound = partition.attributes["bound"]
    if key is None or key.strategy == "HASH" or not key.is_of_columns:
        return None
    condition = bound_condition(key, bound, partition.parent)
    return None if " IS NULL" in condition else condition or None
