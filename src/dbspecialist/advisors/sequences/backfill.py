"""Backfills inside a migration: batches by key, each committed, as one DO block.

Each batch begins with the last row of the one before: its condition leaves out what is done, and a
bound needs no case for the start. The UPDATE is sent even where there are no rows, so that what it
does is seen on a twin without rows.
"""

from __future__ import annotations

from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare

#: Rows of a batch: locked for as long as it takes to write them.
BATCH_ROWS = 5_000


def fill(table: Table, assignments: str, condition: str) -> str:
    """Return the statement that sets columns in all rows that meet a condition, in batches.

    Args:
        table: Whose rows.
        assignments: What stands after SET.
        condition: What stands after WHERE; a row that was set must no longer meet it.

    Raises:
        InputError: Where the table has no key to go by.
    """
    update = f"UPDATE {table.name} SET {assignments}\n        WHERE"
    return in_batches(table, update, f" AND ({condition})")


def in_batches(table: Table, statement: str, rest: str) -> str:
    """Return the statement that does another for all rows, in batches by key.

    Args:
        table: Whose rows.
        statement: Up to and with its WHERE; done twice for a row it must do nothing.
        rest: What follows the batch's bounds.

    Raises:
        InputError: Where the table has no key to go by.
    """
    if not table.key:
        raise InputError(
            f"{table.name} has no primary key to fill its rows by", "", "add a primary key first"
        )
    lower, upper = ([f"{word}_{_plain(name)}" for name in table.key] for word in ("from", "to"))
    declared = "\n".join(
        f"    {variable} {table.name}.{name}%TYPE;"
        for variables in (lower, upper)
        for variable, name in zip(variables, table.key, strict=True)
    )
    key, from_, to = ", ".join(table.key), ", ".join(lower), ", ".join(upper)
    if len(table.key) == 1:
        row, first, end = key, from_, to
    else:
        row, first, end = f"({key})", f"({from_})", f"({to})"
    last = ", ".join(f"{name} DESC" for name in table.key)
    moved = "; ".join(f"{one} := {other}" for one, other in zip(lower, upper, strict=True))
    return f"""DO $backfill$
#variable_conflict use_column
DECLARE
{declared}
BEGIN
    SELECT {key} INTO {from_} FROM {table.name} ORDER BY {key} LIMIT 1;
    LOOP
        SELECT {key} INTO {to} FROM (
            SELECT {key} FROM {table.name} WHERE {row} >= {first}
            ORDER BY {key} LIMIT {BATCH_ROWS}
        ) AS batch ORDER BY {last} LIMIT 1;
        {statement} {row} >= {first} AND {row} <= {end}{rest};
        COMMIT;
        EXIT WHEN {end} IS NOT DISTINCT FROM {first};
        {moved};
    END LOOP;
END
$backfill$"""


def _plain(name: str) -> str:
    """Return a column's name as part of a variable's."""
    return "".join(letter if letter.isalnum() else "_" for letter in bare(name).lower())
