"""Names of SQLite: quoted in SQL, and `main.table` in facts."""

from __future__ import annotations

SCHEMA = "main"


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def shown(*names: str) -> str:
    """Return an object's name as facts have it: `main.orders`, `main.orders.total`."""
    return ".".join([SCHEMA, *names])


def bare(relation: str) -> str:
    """Return a table's name without the schema."""
    return relation.removeprefix(f"{SCHEMA}.")
