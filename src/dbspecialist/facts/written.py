"""Rows that a query writes, as far as its plan tells their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Written:
    """What one INSERT or UPDATE writes, or which rows one DELETE removes.

    Args:
        relation: The table, by its name when the query ran.
        operation: Which of them it is.
        values: Rows of expressions as plans print them, columns by their bare names: of an INSERT
            in the order of all the table's columns, of an UPDATE in that of the columns it sets.
            One row stands for all rows of a query; nothing where they are not told.
        sources: Relations that an INSERT reads, or an UPDATE or DELETE besides its own.
        condition: The condition on the rows of its one source, or of its own table; nothing where
            there are several.
        conflict: What ON CONFLICT says: `NOTHING`, `UPDATE`, or "".
    """

    relation: str
    operation: Literal["insert", "update", "delete"]
    values: tuple[tuple[str, ...], ...] = ()
    sources: tuple[str, ...] = ()
    condition: str | None = None
    conflict: str = ""
