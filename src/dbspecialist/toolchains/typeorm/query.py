"""Queries for the query runner of ours, with values as the package pg hands them on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.adapt import Transformer
from psycopg.pq import Format
from psycopg.pq.abc import PGresult

_READERS: Mapping[int, Callable[[bytes], Any]] = {
    16: lambda data: data == b"t",
    **dict.fromkeys((21, 23, 26), int),
    **dict.fromkeys((114, 3802), lambda data: {"$json": json.loads(data)}),
    **dict.fromkeys((700, 701), lambda data: {"$number": data.decode()}),
    **dict.fromkeys((1082, 1114, 1184), lambda data: {"$date": data.decode()}),
}
#: Arrays of text, varchar, int2, int4, int8, bool, numeric and uuid (pg_type.dat).
_ARRAYS = frozenset({1009, 1015, 1005, 1007, 1016, 1000, 1231, 2951})


def run_query(
    connection: psycopg.Connection[Any], sql: str, parameters: Sequence[Any] | None
) -> dict[str, Any]:
    """Run a query and return its last result, or the engine's refusal, ready for JSON."""
    cursor = RawCursor(connection)
    try:
        cursor.execute(sql.encode(), parameters)
    except psycopg.Error as error:
        return {"error": _refusal(error)}
    while cursor.nextset():
        pass  # TypeORM hands on the last result
    result = cursor.pgresult
    assert result is not None
    rows = _rows(result, Transformer(connection)) if cursor.description else []
    return {"rows": rows, "count": cursor.rowcount, "command": cursor.statusmessage or ""}


def _refusal(error: psycopg.Error) -> dict[str, str]:
    told = error.diag
    return {
        "code": error.sqlstate or "",
        "message": told.message_primary or str(error),
        "detail": told.message_detail or "",
    }


def _rows(result: PGresult, known: Any) -> list[dict[str, Any]]:
    names = [(result.fname(i) or b"").decode() for i in range(result.nfields)]
    types = [result.ftype(i) for i in range(result.nfields)]
    return [
        {name: _value(result.get_value(row, i), types[i], known) for i, name in enumerate(names)}
        for row in range(result.ntuples)
    ]


def _value(data: bytes | None, kind: int, known: Any) -> Any:
    """Return a value as pg parses it: bigint and numeric stay text, times become dates."""
    if data is None:
        return None
    if kind in _ARRAYS:
        return [_element(item) for item in known.get_loader(kind, Format.TEXT).load(data)]
    return _READERS.get(kind, bytes.decode)(data)


def _element(item: Any) -> Any:
    """Return an element of an array; bigint is not told from int, and read as a number."""
    if isinstance(item, list):
        return [_element(inner) for inner in item]
    return item if isinstance(item, (bool, int, str)) or item is None else str(item)
