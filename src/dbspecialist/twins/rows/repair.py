"""Repair rows that break a CHECK or a partition's bound: a random walk that the engine judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from dbspecialist.twins.rows.families import literal
from dbspecialist.twins.rows.families.request import Request
from dbspecialist.twins.rows.hints import hints
from dbspecialist.twins.rows.neighbours import neighbour
from dbspecialist.twins.rows.pools import Literal
from dbspecialist.twins.rows.slots import Row, Slot
from dbspecialist.twins.rows.structure import Column, Table

Judge = Callable[[Sequence[Row]], list[list[bool]]]
#: Variants tried for each failing row, by round.
VARIANTS = (8, 16, 32, 64, 128, 128, 256)
#: Rows beyond the wanted ones from which a family draws other values.
FAR = 10_000

Options = Mapping[tuple[str, ...], Sequence[tuple[Literal, ...]]]


def satisfy(
    table: Table, slots: Sequence[Slot], rows: list[Row], judge: Judge, rng: Random
) -> list[Row]:
    """Return the rows that satisfy all checks, after changing the others until they do."""
    if not table.checks or not rows:
        return rows
    found = judge(rows)
    options: Options | None = None
    for number in VARIANTS:
        failing = [at for at, verdict in enumerate(found) if not all(verdict)]
        if not failing:
            break
        options = options or _options(table, slots, rng)
        tried = [
            (at, _variant(table, _touched(table, slots, found[at], rng), options, rows[at], rng))
            for at in failing
            for _ in range(number)
        ]
        judged = judge([row for _, row in tried])
        best: dict[int, tuple[int, int]] = {}
        for (at, row), verdict in zip(tried, judged, strict=True):
            score = (sum(verdict), -sum(row[name] != rows[at][name] for name in row))
            if score > best.get(at, (sum(found[at]) - 1, 0)):
                best[at] = score
        chosen = _chosen(tried, judged, rows, best)
        for at, (row, verdict) in chosen.items():
            rows[at], found[at] = row, verdict
    return [row for row, verdict in zip(rows, found, strict=True) if all(verdict)]


def _chosen(
    tried: Sequence[tuple[int, Row]],
    judged: Sequence[list[bool]],
    rows: Sequence[Row],
    best: Mapping[int, tuple[int, int]],
) -> dict[int, tuple[Row, list[bool]]]:
    chosen: dict[int, tuple[Row, list[bool]]] = {}
    for (at, row), verdict in zip(tried, judged, strict=True):
        score = (sum(verdict), -sum(row[name] != rows[at][name] for name in row))
        if at in best and at not in chosen and score == best[at]:
            chosen[at] = (row, verdict)
    return chosen


def _options(table: Table, slots: Sequence[Slot], rng: Random) -> Options:
    """Return each slot's options, with what the checks' own constants suggest."""
    options: dict[tuple[str, ...], Sequence[tuple[Literal, ...]]] = {}
    for slot in slots:
        found = list(slot.options)
        if not slot.fixed:
            column = table.column[slot.columns[0]]
            suggested = [
                item
                for check in table.checks
                if not check.columns or column.name in check.columns
                for item in hints(check.expression, column.type, rng)
            ]
            found += [(item,) for item in dict.fromkeys(suggested)]
        options[slot.columns] = found
    return options


def _variant(table: Table, touched: Sequence[Slot], options: Options, row: Row, rng: Random) -> Row:
    changed = [slot for slot in touched if rng.random() < 0.6] or [rng.choice(touched)]
    made = dict(row)
    for slot in changed:
        made.update(zip(slot.columns, _pick(table, slot, options, made, rng), strict=True))
    return made


def _touched(
    table: Table, slots: Sequence[Slot], verdict: Sequence[bool], rng: Random
) -> list[Slot]:
    """Return the slots that one of the failing checks reads."""
    failing = [check for check, holds in zip(table.checks, verdict, strict=True) if not holds]
    columns = set(rng.choice(failing).columns)
    return [slot for slot in slots if columns.intersection(slot.columns)] or list(slots)


def _pick(table: Table, slot: Slot, options: Options, row: Row, rng: Random) -> tuple[Literal, ...]:
    luck = rng.random()
    if slot.fixed or luck >= 0.45:
        return rng.choice(options[slot.columns])
    column = table.column[slot.columns[0]]
    if luck < 0.2:
        near = _near(table, column, row)
        if near:
            literal_near = rng.choice(near)
            return (literal_near if luck < 0.07 else neighbour(literal_near, column.type, rng),)
    return (literal(Request(column.type, rng.randrange(FAR), column.position, rng)),)


def _near(table: Table, column: Column, row: Row) -> list[str]:
    """Return what the row's columns of the same type hold, the column's own value included."""
    return [
        text
        for name, text in row.items()
        if text is not None and table.column[name].type.root.base == column.type.root.base
    ]
