"""Groups of columns that share their stand-ins, and the search for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dbspecialist.engines.postgresql import stand_ins
from dbspecialist.facts.snapshot import Snapshot

Column = tuple[str, str]

#: Sorts each list of texts under a collation ("" for the database's own) and says which are equal.
Ranking = Callable[[str, Sequence[Sequence[str]]], Sequence[Sequence[int]]]

#: Values of pg_stats that are arrays of the column's type, and those of its elements' type.
OF_COLUMN = ("most_common_vals", "histogram_bounds")
OF_ELEMENTS = ("most_common_elems",)
OF_RANGES = ("range_length_histogram", "range_bounds_histogram")

INTEGERS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "oid": 2**32 - 1, "bigint": 2**63 - 1}
EXACT = {"numeric", "real", "double precision"}
TEXTS = {"text", "character varying", "character", "citext", "name", "tsvector"}
TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}
KEPT = {"boolean", "enum"}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What must be known of a column to sort its values.

    Args:
        name: The base type without modifiers; `enum` for enums, the element's type for arrays.
        is_array: Whether it is an array of that type.
        collation: Its collation as SQL writes it, or "" for the database's own.
    """

    name: str
    is_array: bool = False
    collation: str = ""


@dataclass
class Group:
    """Columns that share their stand-ins."""

    type: ColumnType
    columns: list[Column] = field(default_factory=list)
    values: set[str] = field(default_factory=set)
    found: Mapping[str, str] | None = None


def group_columns(snapshot: Snapshot, types: Mapping[Column, ColumnType]) -> dict[Column, Group]:
    """Put columns that are tied together and of one type into groups."""
    leader: dict[Column, Column] = {}

    def root(column: Column) -> Column:
        while leader.get(column, column) != column:
            column = leader[column]
        return column

    for one, other in _ties(snapshot):
        if one in types and other in types and _fit(types[one], types[other]):
            leader[root(one)] = root(other)
    found: dict[Column, Group] = {}
    groups: dict[Column, Group] = {}
    for column, kind in types.items():
        group = found.setdefault(root(column), Group(kind))
        if INTEGERS.get(kind.name, 0) < INTEGERS.get(group.type.name, 0):
            group.type = kind  # the narrowest has room for all
        group.columns.append(column)
        groups[column] = group
    return groups


def _fit(one: ColumnType, other: ColumnType) -> bool:
    """Whether two columns can share stand-ins: one type, or integers of two sizes."""
    return one == other or {one.name, other.name} <= INTEGERS.keys()


def _ties(snapshot: Snapshot) -> Iterator[tuple[Column, Column]]:
    """Yield pairs of columns that hold the same values."""
    for item in snapshot.catalogue.of_kind("constraint"):
        here = item.attributes.get("columns", "").split(", ")
        there = item.attributes.get("referenced_columns", "").split(", ")
        for one, other in zip(here, there, strict=False):
            if "referenced" in item.attributes:
                yield (item.parent, one), (item.attributes["referenced"], other)
    columns: dict[str, list[str]] = {}
    for item in snapshot.catalogue.of_kind("column"):
        columns.setdefault(item.parent, []).append(item.name.removeprefix(f"{item.parent}."))
    for item in snapshot.catalogue.of_kind("table"):
        above = item.attributes.get("partition_of") or item.attributes.get("inherits") or ""
        for parent in above.split(", ") if above else ():
            for name in columns.get(item.name, ()):
                yield (item.name, name), (parent, name)


def find_stand_ins(groups: Iterable[Group], ranking: Ranking) -> None:
    """Find the stand-ins of every group; texts are sorted by the database, all at once."""
    unique = list({id(group): group for group in groups}.values())
    by_collation: dict[str, list[Group]] = {}
    for group in unique:
        name = group.type.name
        if name in KEPT:
            group.found = {value: value for value in group.values}
        elif name in TEXTS:
            collation = '"C"' if name in {"tsvector", "name"} else group.type.collation
            by_collation.setdefault(collation, []).append(group)
        else:
            group.found = _of_other_type(name, group.values)
    for collation, members in by_collation.items():
        lists = [sorted(group.values) for group in members]
        asked = [
            [value.lower() for value in values] if group.type.name == "citext" else values
            for group, values in zip(members, lists, strict=True)
        ]
        for group, values, ranks in zip(members, lists, ranking(collation, asked), strict=True):
            group.found = _by_rank(values, ranks)


def _by_rank(values: Sequence[str], ranks: Sequence[int]) -> Mapping[str, str]:
    """Give values of equal rank (citext) one stand-in."""
    first: dict[int, str] = {}
    for rank, value in sorted(zip(ranks, values, strict=True)):
        first.setdefault(rank, value)
    found = dict(zip(first, stand_ins.texts(list(first.values())), strict=True))
    return {value: found[rank] for value, rank in zip(values, ranks, strict=True)}


def _of_other_type(name: str, values: Iterable[str]) -> Mapping[str, str] | None:
    """Find stand-ins where text and Python sort alike, or nothing for types without them."""
    ordered: list[str] = sorted(values)
    found: list[str] | None = None
    if name in INTEGERS or name in EXACT:
        ordered = _numeric_order(ordered)
        found = stand_ins.numbers(ordered, INTEGERS.get(name))
    elif name in TIMES:
        ordered.sort(key=lambda value: (value == "infinity", value != "-infinity", value))
        found = stand_ins.times(ordered)
    elif name == "uuid":
        found = stand_ins.uuids(ordered)
    elif name == "bytea":
        found = stand_ins.byteas(ordered)
    return None if found is None else dict(zip(ordered, found, strict=True))


def _numeric_order(values: Iterable[str]) -> list[str]:
    """Sort numbers as the engine does: NaN is above infinity."""
    return sorted(values, key=lambda value: (value == "NaN", Decimal(value.replace("NaN", "0"))))
