"""A bank's ledger: a schema with what TPC-H lacks, its rows and its queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg


def queries() -> list[str]:
    """Return the queries in order."""
    text = Path(__file__).with_name("ledger_queries.sql").read_text()
    return [query for query in text.strip().removesuffix(";").split(";\n") if query]


def load(connection: psycopg.Connection[Any], rows: int) -> None:
    """Make the tables with that many entries, with indexes and statistics, and analyse them."""
    text = Path(__file__).with_name("ledger.sql").read_text().replace(":rows", str(rows))
    for statement in text.split(";\n"):
        connection.execute(statement.encode())
