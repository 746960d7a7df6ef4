"""What statistics tell of the keys of a unique index: how many rows and values they have."""

from __future__ import annotations

import re

from dbspecialist.facts.names import bare
from dbspecialist.facts.statistics import ColumnStatistics
from dbspecialist.rules.migration._indexes import IndexParts

#: Functions of one text or number that give NULL for NULL alone: no value escapes a repeat.
_STRICT = re.compile(
    r"(?:lower|upper|btrim|ltrim|rtrim|md5|abs)\(\(?"
    r'(?P<column>"(?:[^"]|"")+"|[a-z_][\w$]*)\)?(?:::text)?\)(?: DESC| ASC| NULLS \w+)*'
)
_FLAG = re.compile(r'\(?(?P<no>NOT )?(?P<column>"(?:[^"]|"")+"|[a-z_][\w$]*)\)?')
_NULL = re.compile(r'\(?(?P<column>"(?:[^"]|"")+"|[a-z_][\w$]*) IS (?P<no>NOT )?NULL\)?')

#: n_distinct is an estimate: this many times as many rows as values are needed to be sure.
_MARGIN = 1.2
#: Above this number of rows, the sample is too small a share of them for that margin.
_MANY, _WIDE_MARGIN = 1e7, 10.0

#: Common values that make up this share of the values are all that there are.
_ALL = 0.999


def key_columns(parts: IndexParts) -> tuple[str, ...]:
    """Return the column of each key, also of a function that repeats wherever its column does.

    "" for any other expression.
    """
    pairs = zip(parts.keys, parts.columns, strict=True)
    return tuple(name or _strict(key) for key, name in pairs)


def _strict(key: str) -> str:
    found = _STRICT.fullmatch(key)
    return found["column"] if found else ""


def predicate_column(predicate: str) -> str:
    """Return the column that a predicate asks alone: a flag, or whether it is NULL; else ""."""
    found = _NULL.fullmatch(predicate) or _FLAG.fullmatch(predicate)
    return found["column"] if found else ""


def matching(predicate: str, column: ColumnStatistics | None) -> float | None:
    """Return the share of rows that match a predicate; nothing where it is not known."""
    if column is None:
        return None
    if found := _NULL.fullmatch(predicate):
        return 1 - column.null_frac if found["no"] else column.null_frac
    found = _FLAG.fullmatch(predicate)
    values = _listed(column, "most_common_vals")
    if found is None or bare(found["column"]) != bare(column.column) or not values <= {"t", "f"}:
        return None
    shares = zip(
        column.values.get("most_common_vals", "{}").strip("{}").split(","),
        column.values.get("most_common_freqs", "{}").strip("{}").split(","),
        strict=False,
    )
    wanted = "f" if found["no"] else "t"
    return next((float(share) for value, share in shares if value == wanted), None)


def _listed(column: ColumnStatistics, name: str) -> set[str]:
    return set(column.values.get(name, "{}").strip("{}").split(","))


def certain(possible: float, rows: float, columns: list[ColumnStatistics]) -> bool:
    """Tell whether rows outnumber the possible keys by more than estimates may be wrong."""
    for column in columns:
        if not _is_complete(column):
            possible *= _MARGIN if rows <= _MANY else _WIDE_MARGIN
    return possible < rows


def _is_complete(column: ColumnStatistics) -> bool:
    freqs = column.values.get("most_common_freqs", "").strip("{}")
    known = sum(float(share) for share in freqs.split(",")) if freqs else 0.0
    return known > 0 and known >= _ALL * (1 - column.null_frac)


def distinct(column: ColumnStatistics, rows: float) -> float:
    """Return how many different values a column has."""
    return column.n_distinct if column.n_distinct > 0 else -column.n_distinct * rows
