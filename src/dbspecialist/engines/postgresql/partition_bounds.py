"""Bounds of partitions as conditions on rows, written from the engine's own text of both.

The forms are those that pg_get_partkeydef and pg_get_expr print. A row of a range key compares as
a row does, and MINVALUE and MAXVALUE end the comparison (PostgreSQL manual, "CREATE TABLE",
PARTITION OF).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.engines.postgresql.index_definition import split_list

_KEY = re.compile(r"(RANGE|LIST|HASH) \((.+)\)", re.DOTALL)
_RANGE = re.compile(r"FOR VALUES FROM \((.+)\) TO \((.+)\)", re.DOTALL)
_LIST = re.compile(r"FOR VALUES IN \((.+)\)", re.DOTALL)
_HASH = re.compile(r"FOR VALUES WITH \(modulus (\d+), remainder (\d+)\)")
_COLUMN = re.compile(r'"(?:[^"]|"")+"|[a-z_][\w$]*')
_ENDLESS = ("MINVALUE", "MAXVALUE")


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """A table's partition key: `RANGE`, `LIST` or `HASH`, and its columns or expressions."""

    strategy: str
    parts: tuple[str, ...]

    @property
    def is_of_columns(self) -> bool:
        """Whether no part is an expression, or has a collation or operator class of its own."""
        return all(_COLUMN.fullmatch(item) for item in self.parts)


def partition_key(text: str) -> PartitionKey | None:
    """Read a key as pg_get_partkeydef prints it; nothing where a part cannot be compared plainly.

    Parts with an operator class or a collation of their own have another order than `<` has.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    key = PartitionKey(found[1], tuple(split_list(found[2])))
    plain = all(_COLUMN.fullmatch(item) or item.endswith(")") for item in key.parts)
    return key if plain else None


def bound_condition(key: PartitionKey, bound: str, parent: str) -> str:
    """Write the condition on rows of a partition, or "" where its bound has none (DEFAULT).

    Args:
        key: The parent's.
        bound: The partition's, as pg_get_expr prints it.
        parent: The parent's name, which hash bounds need.
    """
    if found := _HASH.fullmatch(bound):
        listed = ", ".join(key.parts)
        name = parent.replace("'", "''")
        return f"satisfies_hash_partition('{name}'::regclass, {found[1]}, {found[2]}, {listed})"
    if found := _LIST.fullmatch(bound):
        return _listed(key.parts[0], list(split_list(found[1])))
    if found := _RANGE.fullmatch(bound):
        lower, upper = (list(split_list(side)) for side in found.groups())
        filled = [f"{item} IS NOT NULL" for item in key.parts]
        ends = [_beyond(key.parts, lower, ">", ">="), _beyond(key.parts, upper, "<", "<")]
        return " AND ".join([*filled, *filter(None, ends)])
    return ""


def leading_range(key: PartitionKey, bound: str, *, whole: bool) -> str:
    """Write what a range bound says of the first part of its key alone, or "".

    Args:
        key: The parent's.
        bound: The partition's.
        whole: Whether values are meant that fit whatever the other parts hold; else those that
            may fit.
    """
    found = _RANGE.fullmatch(bound)
    if found is None:
        return ""
    first = key.parts[0]
    (lower, *after_lower), (upper, *after_upper) = (
        list(split_list(side)) for side in found.groups()
    )
    # The bound's own value fits where what follows it is open.
    from_it = after_lower[:1] in ([], _MIN) or (not whole and after_lower[:1] != _MAX)
    to_it = after_upper[:1] == _MAX or (not whole and after_upper[:1] not in ([], _MIN))
    conditions = [f"{first} IS NOT NULL"]
    conditions += [f"{first} {'>=' if from_it else '>'} {lower}"] if lower != "MINVALUE" else []
    conditions += [f"{first} {'<=' if to_it else '<'} {upper}"] if upper != "MAXVALUE" else []
    return " AND ".join(conditions)


_MIN, _MAX = ["MINVALUE"], ["MAXVALUE"]


def _listed(part: str, values: Sequence[str]) -> str:
    filled = [item for item in values if item != "NULL"]
    among = f"{part} IN ({', '.join(filled)})"
    if len(filled) == len(values):
        return f"{part} IS NOT NULL AND {among}"
    return f"({part} IS NULL OR {among})" if filled else f"{part} IS NULL"


def _beyond(parts: Sequence[str], values: Sequence[str], past: str, at_end: str) -> str:
    """Write that a row lies beyond a bound, the first parts deciding; "" for all rows."""
    part, value = parts[0], values[0]
    if value in _ENDLESS:
        return "" if (value == "MINVALUE") == (past == ">") else "false"
    if len(parts) == 1:
        return f"{part} {at_end} {value}"
    rest = _beyond(parts[1:], values[1:], past, at_end)
    if not rest:
        return f"{part} {past}= {value}"
    if rest == "false":
        return f"{part} {past} {value}"
    return f"({part} {past} {value} OR ({part} = {value} AND {rest}))"
