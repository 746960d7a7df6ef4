"""How fast this machine's engine builds indexes other than B-trees, measured where one is built.

A GiST of trigrams takes tens of times as long as a B-tree, a BRIN index a fraction of it: it is
the operator class and the width of the values that count, so each pair is measured by itself, on
made-up values, and kept as the other rates are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.index_definition import IndexParts, index_parts
from dbspecialist.facts.trial import Run
from dbspecialist.proofs.measuring import kept, seconds_of
from dbspecialist.twins.cluster import Cluster

ROWS = 20_000
_REVISION = 1

#: Bytes of a value that are tried: the first that is not below the column's average.
_WIDTHS = (16, 32, 128, 512)
#: Text of words of 6 letters, of which there are 4,096: a language has no more that are frequent.
_TEXT = """
SELECT string_agg(translate(substr(md5((hashint8(n * 131 + part) & 4095)::text), 1, 6),
                            '0123456789', 'ghijklmnop'), ' ') AS word
FROM generate_series(1, {words}) part
"""

#: A value of row n by the beginning of its type's name; `word` is such text of the wanted width.
_VALUES: Mapping[str, str] = {
    "bigint": "hashint8(n)::bigint",
    "integer": "hashint8(n)",
    "smallint": "(hashint8(n) % 30000)::smallint",
    "text": "word",
    "character": "word",
    "tsvector": "to_tsvector('simple', word)",
    "jsonb": "jsonb_build_object('name', word, 'number', n, 'kind', n % 97)",
    "point": "point(random() * 1000, random() * 1000)",
    "box": "box(point(random() * 1000, n % 997), point(random() * 1000, n % 991))",
    "inet": "('10.0.0.0'::inet + (hashint8(n) & 16777215))",
    "uuid": "md5(n::text)::uuid",
    "date": "date '2000-01-01' + hashint8(n) % 9000",
    "timestamp": "timestamp '2020-01-01' + random() * interval '900 days'",
    "numeric": "(random() * 1000000)::numeric(12, 2)",
    "int4range": "int4range(hashint8(n) / 2, hashint8(n) / 2 + 100)",
    "int8range": "int8range(hashint8(n), hashint8(n)::bigint + 100)",
    "daterange": "daterange(date '2000-01-01' + n % 9000, date '2000-01-09' + n % 9000)",
    "tsrange": "tsrange(timestamp '2020-01-01' + n * interval '1 h', NULL)",
    "tstzrange": "tstzrange('2020-01-01Z'::timestamptz + n * interval '1 h', NULL)",
    "integer[]": "ARRAY[hashint8(n), hashint8(n + 1), n % 97]",
    "text[]": "string_to_array(word, ' ')",
}
#: Operator classes of extensions, by what their names begin with.
_EXTENSIONS: Mapping[str, str] = {"gist_trgm_ops": "pg_trgm", "gin_trgm_ops": "pg_trgm"}
#: What stands for a column whose type has no values above, by access method.
_STANDARD: Mapping[str, str] = {
    "gist": "tstzrange",
    "gin": "jsonb",
    "spgist": "text",
    "brin": "bigint",
    "hash": "bigint",
}
_CLASS = re.compile(r"\b(?:\w+\.)?(\w+_ops)\b")


@dataclass(frozen=True, slots=True)
class IndexRate:
    """Rows that are put into a new index in a second of one backend."""

    rows: float


def index_rates(run: Run, cluster: Cluster, btree: float) -> Callable[[str], float]:
    """Return what tells the rows a second of an index that a run builds.

    Args:
        run: Its catalogues tell the access method, operator class and type.
        cluster: Where rates are measured that were not kept before.
        btree: The rate of B-trees, and of what the catalogues do not hold.
    """

    def rate(name: str) -> float:
        parts = _parts(run, name)
        if parts is None or parts.method not in _STANDARD:
            return btree
        keys = [_key(run, parts, number) for number in range(len(parts.keys))]
        return 1 / sum(1 / read_rate(cluster, parts.method, *key) for key in keys)

    return rate


def read_rate(cluster: Cluster, method: str, opclass: str, type_: str, width: int) -> float:
    """Return the rows a second of an index, measuring it where that was not done before."""
    words = "-".join((method, opclass, type_.replace("[]", "s"), str(width)))
    name = f"{cluster.version}-index-{_REVISION}-{words}"
    return kept(
        name, IndexRate, lambda: IndexRate(_measure(cluster, method, opclass, type_, width))
    ).rows


def _parts(run: Run, name: str) -> IndexParts | None:
    catalogues = (one for trial in run.trials for one in (trial.after, trial.before))
    found = (one.get("index", name) for one in catalogues)
    return next((index_parts(item) for item in found if item), None)


def _key(run: Run, parts: IndexParts, number: int) -> tuple[str, str, int]:
    """Return the operator class of a key, the type of its values and their width."""
    key, column = parts.keys[number], parts.columns[number]
    found = _CLASS.search(key)
    opclass = found[1] if found else ""
    if opclass in _EXTENSIONS:
        told = "text"
    else:
        told = "tsvector" if "to_tsvector(" in key else _type(run, parts.table, column)
    match = [name for name in _VALUES if told == name or told.startswith((f"{name} ", f"{name}("))]
    if not match:
        return "", _STANDARD[parts.method], _WIDTHS[0]
    wide = "word" in _VALUES[match[0]]
    return opclass, match[0], _width(run, parts.table, column or key) if wide else _WIDTHS[0]


def _type(run: Run, table: str, column: str) -> str:
    catalogues = (one for trial in run.trials for one in (trial.after, trial.before))
    found = (one.get("column", f"{table}.{column}") for one in catalogues)
    return next((item.attributes["type"] for item in found if item), "")


def _width(run: Run, table: str, key: str) -> int:
    """Return the width that is tried for a column, or for the widest that an expression names."""
    production = run.renamed.get(table, table)
    columns = run.snapshot.columns if run.snapshot else ()
    widths = [
        item.avg_width
        for item in columns
        if item.relation == production and re.search(rf"(?<!\w){re.escape(item.column)}(?!\w)", key)
    ]
    wanted = max(widths, default=0)
    return next((item for item in _WIDTHS if item >= wanted), _WIDTHS[-1])


def _measure(cluster: Cluster, method: str, opclass: str, type_: str, width: int) -> float:
    with cluster.connect() as admin:
        admin.execute("DROP DATABASE IF EXISTS dbs_index_rates")
        admin.execute("CREATE DATABASE dbs_index_rates")
    try:
        with cluster.connect("dbs_index_rates") as connection:
            _fill(connection, opclass, _VALUES[type_], width)
            try:
                return _rate(connection, method, opclass)
            except psycopg.Error:  # an operator class of production that this server has not
                value = _VALUES[_STANDARD[method]]
                _fill(connection, "", value, width)
                return _rate(connection, method, "")
    finally:
        with cluster.connect() as admin:
            admin.execute("DROP DATABASE dbs_index_rates WITH (FORCE)")


def _fill(
    connection: psycopg.Connection[tuple[Any, ...]], opclass: str, value: str, width: int
) -> None:
    if opclass in _EXTENSIONS:
        connection.execute(f"CREATE EXTENSION IF NOT EXISTS {_EXTENSIONS[opclass]}".encode())
    connection.execute("DROP TABLE IF EXISTS sample")
    connection.execute(
        f"CREATE TABLE sample AS SELECT {value} AS value FROM generate_series(1, {ROWS}) n, "
        f"LATERAL ({_TEXT.format(words=width // 7)}) w".encode()
    )


def _rate(connection: psycopg.Connection[tuple[Any, ...]], method: str, opclass: str) -> float:
    connection.execute("SET max_parallel_maintenance_workers = 0")
    connection.execute("SET maintenance_work_mem = '64MB'")
    sql = f"CREATE INDEX ON sample USING {method} (value {opclass})"
    backend = connection.info.backend_pid
    return ROWS / seconds_of(backend, lambda: connection.execute(sql.encode()))
