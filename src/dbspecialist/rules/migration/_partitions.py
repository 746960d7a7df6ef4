"""What partition rules share: which partitions come and go, and where their rows are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.trial import Trial
from dbspecialist.rules.migration._columns import mentions

_RANGE = re.compile(r"FOR VALUES FROM \((.+)\) TO \((.+)\)$", re.DOTALL)
_LIST = re.compile(r"FOR VALUES IN \((.+)\)$", re.DOTALL)
_KEY = re.compile(r"(RANGE|LIST) \(([\w\"]+)\)$")


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
    child, parent = (name.rpartition(".")[2] for name in (partition.name, partition.parent))
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
    """Write a partition's bound as a condition, for keys of one column.

    Nothing for hash and DEFAULT bounds, keys of several columns, and expressions.
    """
    parent = catalogue.get("table", partition.parent)
    key = _KEY.match(parent.attributes.get("partition_key", "")) if parent else None
    bound = partition.attributes["bound"]
    if key is None:
        return None
    column = key[2]
    conditions = [f"{column} IS NOT NULL"]
    if (listed := _LIST.match(bound)) and "NULL" not in listed[1]:
        return " AND ".join([*conditions, f"{column} IN ({listed[1]})"])
    if found := _RANGE.match(bound):
        lower, upper = found.groups()
        conditions += [f"{column} >= {lower}"] if lower != "MINVALUE" else []
        conditions += [f"{column} < {upper}"] if upper != "MAXVALUE" else []
        return " AND ".join(conditions)
    return None
