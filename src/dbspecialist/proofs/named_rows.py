"""Rows that a migration names by their keys, read from what the engine refuses without them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError, StatementEffects
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, last, listed
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics

#: Refusals that a query without rows can lead to: NOT NULL, RAISE, no_data_found, ASSERT, and an
#: EXECUTE of NULL (PostgreSQL manual, "PostgreSQL Error Codes").
BY_NO_ROW = frozenset({"23502", "22004", "P0001", "P0002", "P0004"})
FOREIGN_KEY_VIOLATION = "23503"

_KEY = re.compile(r"Key \((?P<columns>.+)\)=\((?P<values>.+)\) is not present in table ")
_CONSTRAINT = re.compile(r'on table "(?P<table>.+)" violates foreign key constraint "(?P<name>.+)"')

_NULLS = re.compile(r'column "(?P<column>.+)" of relation "(?P<table>.+)" contains null values')


def named_rows(
    statement: StatementEffects, catalogue: Catalogue
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield tables with the keys of rows that a refused statement looks for.

    Args:
        statement: What the engine refused.
        catalogue: The database's before it.
    """
    error = statement.error
    if error is not None and error.sqlstate == FOREIGN_KEY_VIOLATION:
        yield from _referenced(error, catalogue)
    elif error is not None and error.sqlstate in BY_NO_ROW:
        yield from _looked_up(statement.sql, catalogue)


def refused_nulls(statement: StatementEffects, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield the table and the column of whose NULLs a refusal tells."""
    error = statement.error
    told = _NULLS.match(error.message) if error and error.sqlstate == "23502" else None
    for item in catalogue.of_kind("column") if told else ():
        assert told is not None
        name = item.name.removeprefix(f"{item.parent}.")
        if (bare(last(item.parent)), bare(name)) == (told["table"], told["column"]):
            yield item.parent, name


def _referenced(
    error: EngineError, catalogue: Catalogue
) -> Iterator[tuple[str, Mapping[str, str]]]:
    key, told = _KEY.match(error.detail), _CONSTRAINT.search(error.message)
    for item in catalogue.of_kind("constraint") if key and told else ():
        assert key is not None and told is not None
        if bare(item.name.removeprefix(f"{item.parent}.")) != told["name"]:
            continue
        is_its = bare(last(item.parent)) == told["table"]
        columns = listed(item.attributes.get("referenced_columns", ""))
        values = key["values"].split(", ") if len(columns) > 1 else [key["values"]]
        if is_its and "referenced" in item.attributes and len(values) == len(columns):
            yield item.attributes["referenced"], dict(zip(columns, values, strict=True))


def _looked_up(sql: str, catalogue: Catalogue) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the keys that stand beside an equals sign, of tables that the text names.

    Which table a column is of, the text need not tell: made-up rows are given to each.
    """
    compared = dict(_compared(sql))
    words = {word.lower() for word in re.findall(r"[\w$]+", sql)}
    for item in catalogue.of_kind("constraint"):
        column = bare(item.attributes.get("columns", ""))
        is_key = item.attributes["type"] in {"primary key", "unique"}
        if is_key and column in compared and _is_named(bare(last(item.parent)), sql, words):
            yield item.parent, {item.attributes["columns"]: compared[column]}


def _is_named(table: str, sql: str, words: set[str]) -> bool:
    """Tell whether a text names a table: by a word, or in quotes where its name is none."""
    return table in words or '"' + table.replace('"', '""') + '"' in sql


def _compared(sql: str) -> Iterator[tuple[str, str]]:
    """Yield columns with the literals that they are compared with, also within a DO block."""
    try:
        found = [item for item in tokens(sql, "") if item.kind != "space"]
    except InputError:
        return
    for item in found:
        if item.kind == "dollar":
            inside = sql[item.start : item.end].partition("$")[2].partition("$")[2]
            yield from _compared(inside.rpartition("$")[0].rpartition("$")[0])
    for left, sign, right in zip(found, found[1:], found[2:], strict=False):
        name, value = sql[left.start : left.end], sql[right.start : right.end]
        if sql[sign.start : sign.end] != "=" or left.kind not in {"word", "name"}:
            continue
        if right.kind == "quoted" and value.startswith("'"):
            yield (
                bare(name) if left.kind == "name" else name.lower(),
                value[1:-1].replace("''", "'"),
            )
        elif value.isdigit():
            yield bare(name) if left.kind == "name" else name.lower(), value


def can_be_there(snapshot: Snapshot | None, table: str, key: Mapping[str, str]) -> bool:
    """Tell whether statistics leave room for a row: they refute it where they hold all values."""
    for column, value in key.items():
        size = snapshot.relation.get(table) if snapshot else None
        known = _statistics(snapshot, table, column)
        if size is None or known is None:
            continue
        held = _held(known)
        distinct = known.n_distinct if known.n_distinct > 0 else -known.n_distinct * size.tuples
        if len(held) >= distinct > 0 and value not in held:
            return False
    return True


def is_there(snapshot: Snapshot | None, table: str, key: Mapping[str, str]) -> bool:
    """Tell whether statistics show a row: they hold its value, or integers on both sides of it."""
    if len(key) != 1:
        return False
    ((column, value),) = key.items()
    known = _statistics(snapshot, table, column)
    held = _held(known) if known else []
    if value in held or not value.isdigit():
        return value in held
    numbers = [int(item) for item in held if item and item.isdigit()]
    return bool(numbers) and min(numbers) <= int(value) <= max(numbers)


def shown(table: str, key: Mapping[str, str]) -> str:
    """Name a row by its key."""
    return f"{table} with {', '.join(f'{column} = {value}' for column, value in key.items())}"


def _statistics(snapshot: Snapshot | None, table: str, column: str) -> ColumnStatistics | None:
    if snapshot is None or snapshot.redacted:
        return None
    return snapshot.column.get((table, bare(column)))


def _held(known: ColumnStatistics) -> list[str | None]:
    lists = ("most_common_vals", "histogram_bounds")
    return [item for name in lists for item in array_values(known.values.get(name, "{}"))]
