"""Slots: columns that get their values together, and the values they may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.twins.rows.pools import Literal, Pool, Wanted, null_rows, pool
from dbspecialist.twins.rows.structure import Column, ForeignKey, Table

Row = dict[str, Literal]
#: Rows that each key may refer to; nothing where it is left NULL for now.
Parents = Mapping[str, Sequence[Mapping[str, Literal]] | None]
MOST_OPTIONS = 40


class UnreferencedError(Exception):
    """A foreign key that must refer to something has nothing to refer to."""


@dataclass(frozen=True)
class Slot:
    """Columns with one tuple of literals by row, and others to choose from in repairs.

    `fixed` columns may have no other values: they refer to rows, or come from a sequence.
    """

    columns: tuple[str, ...]
    ideal: tuple[tuple[Literal, ...], ...]
    options: tuple[tuple[Literal, ...], ...]
    fixed: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What a table's rows are made from besides its own structure.

    Args:
        statistics: A column's statistics, by column name.
        parents: Rows that a foreign key may refer to; nothing where it is left NULL for now.
        reserved: Values that rows of other tables already refer to, by row.
        sequences: Numbers drawn from sequences, by column.
        valid: Keeps of a column's literals those that its type reads.
    """

    statistics: Callable[[str], ColumnStatistics | None]
    parents: Callable[[ForeignKey], Sequence[Mapping[str, Literal]] | None]
    reserved: Sequence[Mapping[str, Literal]]
    sequences: Mapping[str, Sequence[str]]
    valid: Callable[[Column, Pool], Pool]


def build_slots(
    table: Table, keys: Sequence[ForeignKey], around: Surroundings, wanted: Wanted
) -> tuple[Slot, ...]:
    """Group a table's columns into slots with values for `wanted.count` rows.

    Raises:
        UnreferencedError: When a NOT NULL foreign key finds no row to refer to.
    """
    pools = {
        item.name: _pool(table, item, around, wanted)
        for item in table.columns
        if not item.generated
    }
    slots = []
    grouped: set[str] = set()
    for number, group in enumerate(groups(keys)):
        parents = {key.name: around.parents(key) for key in group}
        slot = _references(_Group(table, group, number, parents), around, wanted, pools)
        grouped.update(slot.columns)
        slots.append(slot)
    slots += [
        Slot((name,), _tuples(item.ideal), _tuples(item.options))
        for name, item in pools.items()
        if name not in grouped
    ]
    return tuple(slots)


def assemble(slots: Sequence[Slot], count: int) -> list[Row]:
    """Return the ideal rows."""
    return [
        {
            name: literal
            for slot in slots
            for name, literal in zip(slot.columns, slot.ideal[row], strict=True)
        }
        for row in range(count)
    ]


def groups(keys: Sequence[ForeignKey]) -> list[list[ForeignKey]]:
    """Group foreign keys that share columns, those with more columns first."""
    found: list[list[ForeignKey]] = []
    for key in sorted(keys, key=lambda item: -len(item.columns)):
        touching = [
            group
            for group in found
            if any(set(key.columns) & set(other.columns) for other in group)
        ]
        merged = [other for group in touching for other in group] + [key]
        found = [group for group in found if group not in touching] + [merged]
    return found


def nullable(table: Table, key: ForeignKey) -> tuple[str, ...]:
    """Return the columns by which a reference can be left out."""
    free = tuple(name for name in key.columns if not table.column[name].not_null)
    return free if not key.full or len(free) == len(key.columns) else ()


def _tuples(items: Sequence[Literal]) -> tuple[tuple[Literal, ...], ...]:
    return tuple((item,) for item in items)


def _pool(table: Table, column: Column, around: Surroundings, wanted: Wanted) -> Pool:
    drawn = around.sequences.get(column.name)
    if drawn:
        return Pool(tuple(drawn), tuple(drawn))
    key = column.name in table.unique_columns
    made = pool(column, around.statistics(column.name), replace(wanted, distinct=key, key=key))
    made = around.valid(column, made)
    fixed = [row[column.name] for row in around.reserved if column.name in row]
    if wanted.offset == 0 and fixed:
        made = Pool((*fixed, *made.ideal)[: wanted.count], (*fixed, *made.options))
    return made


@dataclass(frozen=True)
class _Group:
    """Foreign keys of one table that share columns; `number` counts the table's groups."""

    table: Table
    keys: Sequence[ForeignKey]
    number: int
    parents: Parents


def _references(
    group: _Group, around: Surroundings, wanted: Wanted, pools: Mapping[str, Pool]
) -> Slot:
    table, keys = group.table, group.keys
    columns = tuple(dict.fromkeys(name for key in keys for name in key.columns))
    absent = {
        key.name: null_rows(
            not nullable(table, key),
            around.statistics((nullable(table, key) or key.columns)[0]),
            wanted,
        )
        for key in keys
    }
    ideal = []
    for row in range(wanted.count):
        skipped = {name for name, rows in absent.items() if row in rows}
        turned = _turned(group, wanted, row)
        found = next(_choices(table, keys, turned, skipped), None)
        found = found or next(_choices(table, keys, turned, None), None)
        if found is None:
            raise UnreferencedError(_missing(group))
        ideal.append(tuple(found.get(name, pools[name].ideal[row]) for name in columns))
    options = list(dict.fromkeys(ideal))
    for found in islice(_choices(table, keys, group.parents, None), MOST_OPTIONS):
        options.append(tuple(found.get(name, pools[name].ideal[0]) for name in columns))
    return Slot(columns, tuple(ideal), tuple(options), fixed=True)


def _turned(group: _Group, wanted: Wanted, row: int) -> Parents:
    """Order parents so that unique references take turns and others are drawn."""
    turned: dict[str, Sequence[Mapping[str, Literal]] | None] = {}
    for key in group.keys:
        rows = group.parents[key.name]
        if not rows:
            turned[key.name] = rows
            continue
        at = row + wanted.offset
        if group.table.unique_columns.intersection(key.columns):
            start = (at + group.number * (at // len(rows))) % len(rows)
        else:
            start = wanted.rng.randrange(len(rows))
        turned[key.name] = [*rows[start:], *rows[:start]]
    return turned


def _choices(
    table: Table,
    group: Sequence[ForeignKey],
    parents: Parents,
    skipped: set[str] | None,
    assigned: Row | None = None,
) -> Iterator[Row]:
    """Yield assignments that satisfy all keys of a group, by search with backtracking.

    Args:
        skipped: Keys that are left out by NULL; nothing: references first, NULL after them.
    """
    assigned = assigned or {}
    if not group:
        yield assigned
        return
    key, rest = group[0], group[1:]
    rows = parents[key.name]
    if any(assigned.get(name, "") is None for name in key.columns):
        yield from _choices(table, rest, parents, skipped, assigned)
        return
    if rows is not None and (skipped is None or key.name not in skipped):
        for row in rows:
            pairs = list(zip(key.columns, key.target_columns, strict=True))
            if all(assigned.get(name, row[other]) == row[other] for name, other in pairs):
                taken = {**assigned, **{name: row[other] for name, other in pairs}}
                yield from _choices(table, rest, parents, skipped, taken)
    free = [name for name in nullable(table, key) if name not in assigned]
    if free and (skipped is None or key.name in skipped or rows is None):
        left_out = {**assigned, **dict.fromkeys(free, None)}
        yield from _choices(table, rest, parents, skipped, left_out)


def _missing(group: _Group) -> str:
    for key in group.keys:
        if not group.parents[key.name] and not nullable(group.table, key):
            return f"foreign key {key.name} refers to {key.target}, which holds no row"
    names = ", ".join(key.name for key in group.keys)
    return f"no rows of the referenced tables satisfy {names} together"
