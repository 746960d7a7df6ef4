"""Foreign keys that no index serves: each row that goes has the referring table read for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbspecialist.engines.postgresql.index_definition import index_parts
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.names import bare, listed
from dbspecialist.facts.trial import Run, Trial


@dataclass(frozen=True, slots=True)
class Searched:
    """A table that is read from beginning to end for each row that leaves another.

    Args:
        key: The foreign key.
        relation: The table that it refers to, as the statement names it.
        rows: How many rows go from it, or get another key.
    """

    key: SchemaObject
    relation: str
    rows: float


def is_served(catalogue: Catalogue, table: str, columns: tuple[str, ...]) -> bool:
    """Tell whether an index of the whole table begins with the columns, in any order."""
    return any(
        set(index.columns[: len(columns)]) == set(columns)
        for index in map(index_parts, catalogue.parts_of(table, "index"))
        if index.method in {"btree", "hash"} and _holds_all(index.predicate, columns)
    )


def _holds_all(predicate: str, columns: tuple[str, ...]) -> bool:
    """Tell whether an index holds every row that refers to something."""
    return predicate in {"", *(f"({column} IS NOT NULL)" for column in columns)}


def searched(trial: Trial, run: Run, statement: StatementEffects) -> Iterator[Searched]:
    """Yield the tables that are read for each row that a statement deletes, or whose key it sets.

    Source: PostgreSQL manual, "Constraints": an index on the referencing columns is not made.
    """
    for item in () if statement.error else statement.writes:
        rows = statement.rows_modified.get(item.relation, 0.0)
        if item.operation == "insert" or rows < 1:
            continue
        keys = [*_keys(trial, trial.name_before(item.relation, statement), statement)]
        if item.operation == "update":
            named = {*statement.columns_set.get(item.relation, ())}
            keys = [key for key in keys if named & {*map(bare, _columns(key, "referenced_"))}]
        else:
            yield from _further(trial, run, statement, keys, rows)
        for key in keys:
            if not _is_indexed(trial, key):
                yield Searched(key, item.relation, rows)


def _further(
    trial: Trial, run: Run, statement: StatementEffects, keys: list[SchemaObject], rows: float
) -> Iterator[Searched]:
    """Yield what is read for the rows that go along, the same number falling on each."""
    seen = {key.name for key in keys}
    going = [(key, rows) for key in keys]
    while going:
        key, gone = going.pop()
        parents = run.rows(key.attributes["referenced"])
        if key.attributes["on_delete"] != "cascade" or not parents:
            continue
        along = run.rows(key.parent) * min(gone / parents, 1.0)
        for other in _keys(trial, key.parent, statement):
            if other.name not in seen and along >= 1:
                seen.add(other.name)
                going.append((other, along))
                if not _is_indexed(trial, other):
                    yield Searched(other, key.parent, along)


def _keys(trial: Trial, relation: str, statement: StatementEffects) -> Iterator[SchemaObject]:
    """Yield the foreign keys to a table, or one above it, that are there at a statement."""
    referred = {relation, *_above(trial.before, relation)}
    earlier = trial.statements[: trial.place(statement)]
    for key in trial.before.of_kind("constraint"):
        if key.attributes.get("referenced") not in referred:
            continue
        name = key.name.removeprefix(f"{key.parent}.")
        dropped = f"table constraint {name} on {key.parent}"
        is_enforced = key.attributes.get("enforced") != "false"
        if is_enforced and not any(dropped in item.drops for item in earlier):
            yield key


def _columns(key: SchemaObject, whose: str = "") -> tuple[str, ...]:
    return tuple(listed(key.attributes[f"{whose}columns"]))


def _is_indexed(trial: Trial, key: SchemaObject) -> bool:
    return any(is_served(one, key.parent, _columns(key)) for one in (trial.before, trial.after))


def _above(catalogue: Catalogue, relation: str) -> Iterator[str]:
    """Yield the partitioned tables above a partition."""
    table = catalogue.get("table", relation)
    while table is not None and "partition_of" in table.attributes:
        yield table.attributes["partition_of"]
        table = catalogue.get("table", table.attributes["partition_of"])
