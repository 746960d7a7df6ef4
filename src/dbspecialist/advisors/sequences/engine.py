"""The engine, asked on a copy: names, types, expressions, and what a statement would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.effects import EngineError

Connection = psycopg.Connection[tuple[Any, ...]]

_FILES = """
SELECT c.oid::regclass::text, pg_relation_filenode(c.oid) FROM pg_class c
WHERE c.relkind IN ('r', 'm') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace,
      'information_schema'::regnamespace, 'pg_toast'::regnamespace)
"""
_SCANS = """
SELECT format('%I.%I', schemaname, relname), seq_scan FROM pg_stat_xact_user_tables
WHERE seq_scan > 0
"""

_FIRST_TYPE = """
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum = 1
"""


@dataclass(frozen=True)
class Tried:
    """What statements did in a transaction that was rolled back.

    Args:
        error: What the engine said to the one that it refused, or nothing.
        rewrites: Tables that were written anew.
        scans: Tables that were read from beginning to end.
        after: The catalogue at their end, where that was asked for.
    """

    error: EngineError | None = None
    rewrites: frozenset[str] = frozenset()
    scans: frozenset[str] = frozenset()
    after: Catalogue | None = None


class Engine:
    """A database with the schema at hand and no rows, on which statements are tried."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute("SET search_path = public")

    def ask(self, query: str, *values: Any) -> Any:
        """Return the first column of a query's first row, or nothing."""
        row = self._connection.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def run(self, statements: Sequence[str]) -> EngineError | None:
        """Run statements for good; return what the engine said to the one that it refused."""
        try:
            with self._connection.transaction():
                for statement in statements:
                    self._connection.execute(statement.encode(), prepare=False)
        except psycopg.Error as error:
            return _said(error)
        return None

    def catalogue(self) -> Catalogue:
        """Read the catalogue."""
        return read_catalogue(self._connection)

    def typed(self, making: str, table: str) -> str | EngineError:
        """Return the type of the first column of a table that is made for that and rolled back."""
        try:
            with self._connection.transaction(force_rollback=True):
                self._connection.execute(making.encode(), prepare=False)
                self._connection.execute("SET LOCAL search_path = ''")
                return str(self.ask(_FIRST_TYPE, table))
        except psycopg.Error as error:
            return _said(error)

    def tried(self, *statements: str, read: bool = False) -> Tried:
        """Run statements in a transaction, see what they do, and roll it back.

        Args:
            statements: In order.
            read: Whether to read the catalogue at their end.
        """
        try:
            with self._connection.transaction(force_rollback=True):
                before = self._pairs(_FILES)
                for statement in statements:
                    self._connection.execute(statement.encode(), prepare=False)
                after = self._pairs(_FILES)
                rewrites = {name for name, file in before.items() if after.get(name, file) != file}
                scans = frozenset(self._pairs(_SCANS))
                catalogue = self.catalogue() if read else None
                return Tried(None, frozenset(rewrites), scans, catalogue)
        except psycopg.Error as error:
            return Tried(_said(error))

    def _pairs(self, query: str) -> dict[str, int]:
        return dict(self._connection.execute(query.encode()).fetchall())


def _said(error: psycopg.Error) -> EngineError:
    return EngineError(error.sqlstate or "", error.diag.message_primary or str(error))
