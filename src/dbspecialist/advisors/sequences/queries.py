"""Queries of one boolean: what must be true before a phase."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.names import bare


def literal(text: str) -> str:
    """Return a text as it stands between quotes."""
    return text.replace("'", "''")


def has_default(table: Table, column: str) -> str:
    """Write the query that tells whether a column has a default."""
    return (
        "SELECT EXISTS (SELECT FROM pg_attribute"
        f" WHERE attrelid = '{literal(table.name)}'::regclass"
        f" AND attname = '{literal(bare(column))}' AND atthasdef)"
    )


def none_where(table: str, condition: str) -> str:
    """Write the query that tells whether no row of a table meets a condition."""
    return f"SELECT NOT EXISTS (SELECT FROM {table} WHERE {condition})"


def no_duplicates(table: str, columns: Sequence[str], where: str = "") -> str:
    """Write the query that tells whether no values of columns stand in two rows."""
    listed = ", ".join(columns)
    filled = [f"{item} IS NOT NULL" for item in columns]
    condition = " AND ".join([*filled, *([f"({where})"] if where else [])])
    return (
        f"SELECT NOT EXISTS (SELECT FROM {table} WHERE {condition}"
        f" GROUP BY {listed} HAVING count(*) > 1)"
    )


def no_such_relation(name: str) -> str:
    """Write the query that tells whether no relation has a name, a failed build's neither."""
    return f"SELECT to_regclass('{literal(name)}') IS NULL"


def is_there(name: str) -> str:
    """Write the query that tells whether a relation is there."""
    return f"SELECT to_regclass('{literal(name)}') IS NOT NULL"
