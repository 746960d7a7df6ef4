"""Numbers from the sequences behind identity and serial columns.

They are drawn by `nextval`, so that what migrations insert later gets later ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from dbspecialist.twins.rows.structure import Table

QUERY = """
    SELECT s.name, nextval(s.name::regclass)::text
    FROM unnest(%s::text[], %s::int[]) AS s(name, wanted), generate_series(1, s.wanted)
"""


class Numbers:
    """Numbers that were drawn and not yet used, by sequence."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._ready: dict[str, list[str]] = {}

    def draw(self, tables: Iterable[tuple[Table, int]]) -> None:
        """Draw in one query what tables will need for the given numbers of rows."""
        wanted: Counter[str] = Counter()
        for table, count in tables:
            wanted.update({item.sequence: count for item in table.columns if item.sequence})
        for name, numbers in self._next(wanted).items():
            self._ready.setdefault(name, []).extend(numbers)

    def take(self, table: Table, count: int) -> dict[str, list[str]]:
        """Return numbers by column; a sequence that has come to its end gives none."""
        taken: dict[str, list[str]] = {}
        for column in table.columns:
            if not column.sequence:
                continue
            ready = self._ready.setdefault(column.sequence, [])
            if len(ready) < count:
                ready += self._next({column.sequence: count}).get(column.sequence, [])
            if len(ready) >= count:
                taken[column.name] = [ready.pop(0) for _ in range(count)]
        return taken

    def _next(self, wanted: Mapping[str, int]) -> dict[str, list[str]]:
        if not wanted:
            return {}
        found: dict[str, list[str]] = {}
        try:
            with self._connection.transaction():
                rows = self._connection.execute(QUERY, [list(wanted), list(wanted.values())])
                for name, number in rows:
                    found.setdefault(name, []).append(number)
        except psycopg.Error:
            single = ({name: count} for name, count in wanted.items() if len(wanted) > 1)
            return {name: drawn for one in single for name, drawn in self._next(one).items()}
        return found
