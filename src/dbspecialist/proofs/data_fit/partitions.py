"""Claims that partitions' bounds need: rows of an attached table, and of a DEFAULT partition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbspecialist.engines.postgresql.partition_bounds import (
    PartitionKey,
    bound_condition,
    leading_range,
    partition_key,
)
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.data_fit import Claim
from dbspecialist.proofs.data_fit.ground import Ground, in_production, mentions, part


def partition_claims(ground: Ground) -> Iterator[Claim]:
    """Yield what partitions that the migration adds need of the rows that are there."""
    for item in ground.trial.differences:
        new = item.after
        if new is None or new.kind != "partition" or item.before is not None:
            continue
        if new.attributes.get("bound") == "DEFAULT":
            yield from _default(ground, new)
            continue
        yield from _attached(ground, new)
        yield from _beside(ground, new)


def _attached(ground: Ground, new: SchemaObject) -> Iterator[Claim]:
    """Yield the claim on the rows of a table that becomes a partition."""
    index = _adding(ground, new)
    key = _key(ground.trial.after, new.parent)
    if key and ground.is_filled(new.name, index):
        parent = ground.name(new.parent, index)
        condition = bound_condition(key, new.attributes["bound"], parent)
        first = leading_range(key, new.attributes["bound"], whole=False)
        text = f"every row of {new.name} lies within its bound in {new.parent}"
        yield from _claim(
            ground,
            new,
            new.name,
            text,
            key,
            misfit=f"NOT ({condition})",
            first=f"NOT ({first})" if first else "",
        )


def _beside(ground: Ground, new: SchemaObject) -> Iterator[Claim]:
    """Yield the claim on the rows of the DEFAULT partition that is there already."""
    default = _default_of(ground.trial.before, new.parent)
    key = _key(ground.trial.after, new.parent)
    if default is None or key is None or key.strategy == "HASH":
        return
    if ground.is_filled(default, _adding(ground, new)):
        condition = bound_condition(key, new.attributes["bound"], new.parent)
        first = leading_range(key, new.attributes["bound"], whole=True)
        text = f"no row of {default} lies within the bound of {new.name}"
        decisive = first if _others_filled(ground, default, key) else ""
        yield from _claim(ground, new, default, text, key, misfit=condition, first=decisive)


def _default(ground: Ground, new: SchemaObject) -> Iterator[Claim]:
    """Yield the claim on the rows of a table that becomes the DEFAULT partition."""
    index, key = _adding(ground, new), _key(ground.trial.after, new.parent)
    bounds = [
        item.attributes["bound"]
        for item in ground.trial.after.parts_of(new.parent, "partition")
        if item.name != new.name
    ]
    if key and bounds and ground.is_filled(new.name, index):
        conditions = [f"({bound_condition(key, item, new.parent)})" for item in bounds]
        text = f"no row of {new.name} lies within the bound of another partition of {new.parent}"
        yield from _claim(ground, new, new.name, text, key, misfit=" OR ".join(conditions))


def _claim(
    ground: Ground,
    new: SchemaObject,
    table: str,
    text: str,
    key: PartitionKey,
    *,
    misfit: str,
    first: str = "",
) -> Iterator[Claim]:
    """Make the claim; statistics are held against the first part where that decides alone."""
    item = SchemaObject("partition", new.name, table)
    columns = _columns(ground.trial.after, new.parent, key)
    obstacle = _unasked(ground, new, key)
    claim = ground.claim(
        "bound", text, item, columns, _adding(ground, new), misfit=misfit, obstacle=obstacle
    )
    if first and len(columns) > 1 and key.is_of_columns and len(claim.columns) == len(columns):
        there = dict(zip(columns, claim.columns, strict=True))
        claim = replace(claim, columns=claim.columns[:1], misfit=in_production(first, there))
    yield claim


def _unasked(ground: Ground, new: SchemaObject, key: PartitionKey) -> str:
    """Say why rows cannot be compared with a bound, or nothing."""
    if key.strategy == "HASH" and not ground.production.get("table", new.parent):
        return f"{new.parent} is made by this run"
    if not key.is_of_columns and any("(" in item for item in key.parts):
        made = [
            item.after.name
            for item in ground.trial.differences
            if item.after is not None and item.after.kind == "function"
        ]
        bare = (name.partition("(")[0].rpartition(".")[2] for name in made)
        if any(mentions(" ".join(key.parts), name) for name in bare):
            return "the partition key calls a function that this run makes or changes"
    return ""


def _columns(catalogue: Catalogue, parent: str, key: PartitionKey) -> tuple[str, ...]:
    """Return the columns that a key speaks of, in its order where it has no expression."""
    if key.is_of_columns:
        return key.parts
    text = " ".join(key.parts)
    names = (part(item) for item in catalogue.parts_of(parent, "column"))
    return tuple(name for name in names if mentions(text, name))


def _others_filled(ground: Ground, table: str, key: PartitionKey) -> bool:
    """Tell whether no part of a key but the first can be NULL."""
    found = (ground.trial.before.get("column", f"{table}.{name}") for name in key.parts[1:])
    return all(item is not None and item.attributes["not_null"] == "true" for item in found)


def _key(catalogue: Catalogue, parent: str) -> PartitionKey | None:
    table = catalogue.get("table", parent)
    return partition_key(table.attributes.get("partition_key", "")) if table else None


def _default_of(catalogue: Catalogue, parent: str) -> str | None:
    parts = catalogue.parts_of(parent, "partition")
    found = (item.name for item in parts if item.attributes.get("bound") == "DEFAULT")
    return next(found, None)


def _adding(ground: Ground, new: SchemaObject) -> int | None:
    """Return the place of the last statement that names a partition, with its parent if any does.

    The engine reports neither's part in ATTACH: that is read from the text, else from locks.
    """
    statements = ground.trial.statements
    child, parent = (name.rpartition(".")[2] for name in (new.name, new.parent))
    named = [n for n, item in enumerate(statements) if mentions(item.sql, child)]
    both = [n for n in named if mentions(statements[n].sql, parent)]
    locked = [
        n
        for n, item in enumerate(statements)
        if new.parent in {lock.relation for lock in item.locks}
    ]
    return next(iter([*both[-1:], *named[-1:], *locked[-1:]]), None)
