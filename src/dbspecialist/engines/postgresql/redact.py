"""Redaction: stand-ins for the values in statistics, and for literals in the workload.

Columns that a foreign key, inheritance or partitioning ties together share their stand-ins, so
that joins find the same equal values. Values of types without stand-ins are left out. The schema
is not redacted: defaults, checks, enum labels and partition bounds stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dbspecialist.engines.postgresql.arrays import array_text, array_values
from dbspecialist.engines.postgresql.redact_workload import redact_workload
from dbspecialist.engines.postgresql.value_groups import (
    OF_COLUMN,
    OF_ELEMENTS,
    OF_RANGES,
    Column,
    ColumnType,
    Group,
    Ranking,
    find_stand_ins,
    group_columns,
)
from dbspecialist.facts.snapshot import Snapshot
from dbspecialist.facts.statistics import ColumnStatistics, ExtendedStatistics


def redact(
    snapshot: Snapshot,
    types: Mapping[Column, ColumnType],
    dimensions: Mapping[str, Sequence[str]],
    ranking: Ranking,
) -> Snapshot:
    """Put stand-ins in place of values.

    Args:
        types: The types of columns with statistics, of index expressions too.
        dimensions: The columns of each extended statistics object, in the order of its values;
            without those that have expressions.
        ranking: Sorts texts as the database does.
    """
    groups = group_columns(snapshot, types)
    for column, values in _all_values(snapshot, types, dimensions):
        if column in groups:
            groups[column].values.update(values)
    find_stand_ins(groups.values(), ranking)
    redacted = [_column(item, groups, types) for item in snapshot.columns]
    left_out = sorted(
        {
            item.relation
            for item, before in zip(redacted, snapshot.columns, strict=True)
            if len(item.values) < len(before.values)
        }
    )
    return replace(
        snapshot,
        columns=tuple(redacted),
        extended=tuple(_extended(item, groups, dimensions) for item in snapshot.extended),
        workload=tuple(redact_workload(snapshot.workload)),
        unseen=(*snapshot.unseen, *_told(left_out)),
        redacted=True,
    )


def _told(relations: Sequence[str]) -> Iterator[str]:
    if relations:
        yield (
            f"values in statistics of {len(relations)} relations ({', '.join(relations[:3])}"
            f"{' …' if relations[3:] else ''}): left out, there are no stand-ins for their types"
        )


def _all_values(
    snapshot: Snapshot,
    types: Mapping[Column, ColumnType],
    dimensions: Mapping[str, Sequence[str]],
) -> Iterator[tuple[Column, list[str]]]:
    """Yield every value that needs a stand-in, by column."""
    for item in snapshot.columns:
        column = (item.relation, item.column)
        for name in _names(types.get(column)):
            if name in item.values:
                yield column, _present(item.values[name])
    for extended in snapshot.extended:
        for most_common in extended.most_common if extended.name in dimensions else ():
            values = array_values(most_common["values"])
            for name, value in zip(dimensions[extended.name], values, strict=True):
                if value is not None:
                    yield (extended.relation, name), [value]


def _names(kind: ColumnType | None) -> tuple[str, ...]:
    """Which arrays of pg_stats hold values of the type's (element) type."""
    if kind is None:
        return ()
    return OF_ELEMENTS if kind.is_array or kind.name == "tsvector" else OF_COLUMN


def _present(text: str) -> list[str]:
    return [value for value in array_values(text) if value is not None]


def _column(
    item: ColumnStatistics, groups: Mapping[Column, Group], types: Mapping[Column, ColumnType]
) -> ColumnStatistics:
    """Put stand-ins into one column's statistics; what has none is left out."""
    column = (item.relation, item.column)
    found = groups[column].found if column in groups else None
    names, kept = _names(types.get(column)), dict(item.values)
    for name in (*OF_COLUMN, *OF_ELEMENTS, *OF_RANGES):
        if name in kept:
            given = kept.pop(name)
            text = _replaced(given, found) if name in names else None
            kept |= {} if text is None else {name: text}
    return replace(item, values=_whole(kept))


def _whole(values: Mapping[str, str]) -> Mapping[str, str]:
    """Take out the frequencies of values that were left out."""
    partners = {
        "most_common_freqs": "most_common_vals",
        "most_common_elem_freqs": "most_common_elems",
        "range_empty_frac": "range_length_histogram",
    }
    return {name: value for name, value in values.items() if partners.get(name, name) in values}


def _replaced(text: str, found: Mapping[str, str] | None) -> str | None:
    if found is None:
        return None
    values = array_values(text)
    if any(value is not None and value not in found for value in values):
        return None
    return array_text(None if value is None else found[value] for value in values)


def _extended(
    item: ExtendedStatistics,
    groups: Mapping[Column, Group],
    dimensions: Mapping[str, Sequence[str]],
) -> ExtendedStatistics:
    """Put stand-ins into most common combinations; values of expressions are left out."""
    names = dimensions.get(item.name)
    rows: list[Mapping[str, str]] = []
    for row in item.most_common if names is not None else ():
        values: list[str | None] = []
        for name, value in zip(names or (), array_values(row["values"]), strict=True):
            group = groups.get((item.relation, name))
            if value is not None and (group is None or group.found is None):
                return replace(item, most_common=(), expressions=_figures(item))
            found = group.found if group else None
            values.append(None if value is None or found is None else found[value])
        rows.append({**row, "values": array_text(values)})
    return replace(item, most_common=tuple(rows), expressions=_figures(item))


def _figures(item: ExtendedStatistics) -> tuple[Mapping[str, str], ...]:
    """The statistics of expressions without values."""
    values = {*OF_COLUMN, *OF_ELEMENTS}
    return tuple(
        _whole({name: text for name, text in row.items() if name not in values})
        for row in item.expressions
    )
