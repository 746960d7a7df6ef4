"""Pools: for each column the values its rows should have, drawn from the statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from dbspecialist.engines.postgresql.arrays import array_values
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.twins.rows.domains import conditions
from dbspecialist.twins.rows.families import known, literal
from dbspecialist.twins.rows.families.request import Request
from dbspecialist.twins.rows.hints import hints
from dbspecialist.twins.rows.structure import Column, DataType

Literal = str | None
#: Tried for types that no family knows; the engine says which of them it reads.
GUESSES = ("", "0", "1", "a", "{}", "[]", "()", "(0,0)", "1.0", "2024-01-15", "a=>1", "{1}", "[1]")
MOST_OPTIONS = 40


@dataclass(frozen=True)
class Pool:
    """A column's values: `ideal` by row, `options` to choose from when those are refused."""

    ideal: tuple[Literal, ...]
    options: tuple[Literal, ...]


@dataclass(frozen=True)
class Wanted:
    """How many values are wanted of a column, from which row on, and whether all differ."""

    count: int
    offset: int
    rng: Random
    distinct: bool = False
    key: bool = False


def pool(column: Column, statistics: ColumnStatistics | None, wanted: Wanted) -> Pool:
    """Draw a column's values from its statistics, or by its type where there are none."""
    sampled, weights = _samples(statistics)
    fresh = _fresh(column, statistics, wanted)
    if sampled:
        ideal = _drawn(sampled, weights, statistics, wanted, fresh)
    else:
        ideal = _repeated(fresh[: wanted.count], statistics, wanted)
    options = list(dict.fromkeys([*ideal, *sampled[: MOST_OPTIONS // 2], *fresh]))[:MOST_OPTIONS]
    chosen: list[Literal] = list(ideal)
    for row in null_rows(column.not_null, statistics, wanted):
        chosen[row] = None
    return Pool(tuple(chosen), (*options, *(() if column.not_null else (None,))))


def null_rows(
    not_null: bool, statistics: ColumnStatistics | None, wanted: Wanted
) -> tuple[int, ...]:
    """Return the rows that are NULL: the statistics' share and at least one where any are.

    Without statistics one row is NULL, as a careful assumption.
    """
    if not_null or (statistics is not None and statistics.null_frac == 0):
        return ()
    share = statistics.null_frac if statistics else 0.0
    if share >= 1:
        return tuple(range(wanted.count))
    number = max(1, round(share * wanted.count))
    number = min(number, max(1, wanted.count - 1))
    return tuple(sorted(wanted.rng.sample(range(wanted.count), number)))


def risky(wanted: DataType) -> bool:
    """Return whether only the engine can tell which literals the type reads."""
    if wanted.kind in "dc" or wanted.attributes:
        return True
    if wanted.element is not None:
        return risky(wanted.element)
    return wanted.kind == "b" and not known(wanted.base)


def _samples(statistics: ColumnStatistics | None) -> tuple[list[str], list[float]]:
    if statistics is None:
        return [], []
    common = array_values(statistics.values.get("most_common_vals", "{}"))
    shares = array_values(statistics.values.get("most_common_freqs", "{}"))
    bounds = array_values(statistics.values.get("histogram_bounds", "{}"))
    pairs = [(item, float(share or 0)) for item, share in zip(common, shares, strict=False)]
    rest = max(0.0, 1 - statistics.null_frac - sum(share for _, share in pairs))
    pairs += [(item, rest / len(bounds)) for item in bounds]
    kept = [(item, share) for item, share in pairs if item is not None]
    return [item for item, _ in kept], [max(share, 1e-9) for _, share in kept]


def _drawn(
    sampled: list[str],
    weights: list[float],
    statistics: ColumnStatistics | None,
    wanted: Wanted,
    fresh: list[str],
) -> list[str]:
    """Draw by weight; without repeats where the values are all different in production."""
    rng = wanted.rng
    if wanted.distinct or (statistics is not None and statistics.n_distinct <= -0.9):
        pairs = zip(sampled, weights, strict=True)
        keyed = sorted(pairs, key=lambda pair: -math.log(1 - rng.random()) / pair[1])
        ordered = list(dict.fromkeys([item for item, _ in keyed] + fresh))
        start = wanted.offset if wanted.offset + wanted.count <= len(ordered) else 0
        return (ordered[start : start + wanted.count] or ordered) + [ordered[-1]] * max(
            0, wanted.count - len(ordered)
        )
    drawn = rng.choices(sampled, weights, k=wanted.count)
    if len(set(drawn)) == 1 and len(sampled) > 1 and wanted.count > 1:
        drawn[-1] = next(item for item in sampled if item != drawn[0])
    return drawn


def _fresh(column: Column, statistics: ColumnStatistics | None, wanted: Wanted) -> list[str]:
    careful = statistics is None and not wanted.key
    width = float(statistics.avg_width) if statistics else None
    made = [
        literal(Request(column.type, row, column.position, wanted.rng, width, careful))
        for row in range(wanted.offset, wanted.offset + wanted.count + 2)
    ]
    if risky(column.type):
        made += [
            text
            for check, base in conditions(column.type)
            for text in hints(check, base, wanted.rng)
        ]
        made += GUESSES if not known(column.type.root.base) else ()
    return made


def _repeated(fresh: list[str], statistics: ColumnStatistics | None, wanted: Wanted) -> list[str]:
    """Repeat values where production has few distinct ones and none of them is known."""
    if statistics is None or wanted.distinct or statistics.n_distinct <= -0.9:
        return fresh
    number = statistics.n_distinct
    different = round(number if number >= 0 else -number * wanted.count) or wanted.count
    return [fresh[row % max(1, min(different, len(fresh)))] for row in range(len(fresh))]
