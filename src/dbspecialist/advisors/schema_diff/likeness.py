"""How alike the values of two columns are, by what the planner's statistics tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.statistics import ColumnStatistics

#: From this share on, columns count as alike.
ALIKE = 0.7
#: How alike a share of the rows and a count are: a table that grows goes from one to the other.
OF_TWO_KINDS = 0.3
#: The most common values that are compared.
MOST = 10


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two columns are: a share from 0 to 1, and what it was read from."""

    share: float
    text: str


@dataclass(frozen=True)
class Evidence:
    """The statistics of two schemas.

    Args:
        before: Of the first, by relation and column.
        after: Of the second.
        tables: The first schema's names of tables by their new ones.
    """

    before: Mapping[tuple[str, str], ColumnStatistics] = field(default_factory=dict)
    after: Mapping[tuple[str, str], ColumnStatistics] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)

    def of(self, old: SchemaObject, new: SchemaObject) -> Likeness | None:
        """Compare two columns; nothing where one was never analysed."""
        table = self.tables.get(old.parent, old.parent)
        one = self.before.get((table, old.name.removeprefix(f"{old.parent}.")))
        other = self.after.get((new.parent, new.name.removeprefix(f"{new.parent}.")))
        return None if one is None or other is None else likeness(one, other)


def likeness(one: ColumnStatistics, other: ColumnStatistics) -> Likeness:
    """Compare the share of NULL, the number of distinct values and the most common ones.

    A number of distinct values is a share of the rows where it is above a tenth of them, else a
    count ("pg_stats", PostgreSQL manual); one of each kind are unlike.
    """
    shares = [1 - abs(one.null_frac - other.null_frac)]
    told = [f"NULL in {one.null_frac:.1%} and {other.null_frac:.1%} of the rows"]
    if one.n_distinct and other.n_distinct:
        few, many = sorted((abs(one.n_distinct), abs(other.n_distinct)))
        of_a_kind = (one.n_distinct < 0) == (other.n_distinct < 0)
        shares.append(few / many if of_a_kind else OF_TWO_KINDS)
        told.append(f"{_distinct(one)} and {_distinct(other)} distinct values")
    mine, theirs = _common(one), _common(other)
    if mine and theirs:
        both = len(mine & theirs)
        shares.append(both / min(len(mine), len(theirs)))
        told.append(f"{both} of {min(len(mine), len(theirs))} most common values in both")
    return Likeness(min(shares), ", ".join(told))


def _distinct(item: ColumnStatistics) -> str:
    if item.n_distinct < 0:
        return f"{-item.n_distinct:.0%} of the rows as many"
    return f"{item.n_distinct:,.0f}"


def _common(item: ColumnStatistics) -> set[str | None]:
    return set(array_values(item.values.get("most_common_vals", "{}"))[:MOST])
