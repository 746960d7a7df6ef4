"""How the engine converts values of one type to another in ALTER COLUMN … TYPE."""

from __future__ import annotations

from functools import cache
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.ddl.context import Conversion


def conversions(connection: psycopg.Connection[Any]) -> Conversion:
    """Return a function that asks the engine, on a twin where both types are there.

    A conversion that the engine makes by itself needs no USING ("ALTER TABLE": there must be an
    implicit or assignment cast); otherwise the explicit cast is written, through text where there
    is none.

    Args:
        connection: A session in a throwaway database in autocommit mode.
    """

    @cache
    def conversion(old: str, new: str) -> str:
        if _converts(connection, old, f"ALTER TABLE pg_temp.dbs_cast ALTER c TYPE {new}"):
            return ""
        explicit = f"{{}}::{new}"
        query = f"SELECT {explicit.format('c')} FROM pg_temp.dbs_cast"
        if _converts(connection, old, query):
            return explicit
        return f"{{}}::text::{new}"

    return conversion


def _converts(connection: psycopg.Connection[Any], old: str, statement: str) -> bool:
    """Whether the engine accepts a statement about a table with one column of the old type."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"CREATE TEMP TABLE dbs_cast (c {old})".encode())
            connection.execute(statement.encode())
    except psycopg.Error:
        return False
    return True
