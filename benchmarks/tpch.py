"""TPC-H from the generator in the PyPI package duckdb-extension-tpch: tables, rows and queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROWS_A_CHUNK = 20_000


@contextmanager
def _generator() -> Iterator[Any]:
    import duckdb
    import duckdb_extension_tpch

    folder = Path(duckdb_extension_tpch.__file__).parent
    (extension,) = folder.rglob("tpch.duckdb_extension")
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        yield connection


def queries() -> list[str]:
    """Return the 22 queries in order."""
    with _generator() as generator:
        rows = generator.execute("SELECT query FROM tpch_queries() ORDER BY query_nr").fetchall()
    return [text.strip().rstrip(";") for (text,) in rows]


def load(connection: psycopg.Connection[Any], scale: float) -> None:
    """Make the eight tables with rows, keys and indexes, and analyse them."""
    with _generator() as generator:
        generator.execute(f"CALL dbgen(sf={scale})")
        for name, create in generator.execute(
            "SELECT table_name, sql FROM duckdb_tables()"
        ).fetchall():
            connection.execute(create)
            with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                rows = generator.execute(f"FROM {name}")
                while chunk := rows.fetchmany(ROWS_A_CHUNK):
                    for row in chunk:
                        copy.write_row(row)
    connection.execute(Path(__file__).with_name("tpch.sql").read_text())
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")
