"""NOT NULL without a long lock: what is added unchecked, checked beside the traffic, and stated.

SET NOT NULL reads no row where a valid CHECK proves that there is no NULL ("ALTER TABLE",
PostgreSQL manual). From PostgreSQL 18 the NOT NULL itself can be NOT VALID at first.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground, Table
from dbspecialist.advisors.sequences.steps import stepwise
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import bare

#: Since when NOT NULL can be added NOT VALID.
NOT_VALID_SINCE = 180_000


@dataclass(frozen=True)
class Required:
    """How a column comes to refuse NULL.

    Args:
        prepare: Statements by which new rows are checked; they read no row.
        undo: Their way back.
        phases: What follows once no row holds NULL.
    """

    prepare: tuple[str, ...]
    undo: tuple[str, ...]
    phases: tuple[Phase, ...]


def require(ground: Ground, table: Table, column: str) -> Required:
    """Return how a column of a large table comes to refuse NULL without a long lock.

    Args:
        ground: Tells what production's server can do.
        table: The column's.
        column: Its quoted name.
    """
    alter = f"ALTER TABLE {table.name}"
    name = ground.free(f"{table.own_name}_{bare(column)}_not_null")
    is_new = ground.version >= NOT_VALID_SINCE
    what = f"NOT NULL {column}" if is_new else f"CHECK ({column} IS NOT NULL)"
    added = f"{alter} ADD CONSTRAINT {name} {what} NOT VALID"
    dropped = f"{alter} DROP CONSTRAINT {name}"
    validated = f"{alter} VALIDATE CONSTRAINT {name}"
    if is_new:
        up, down = [validated], [dropped, added]
    else:
        up = [validated, f"{alter} ALTER COLUMN {column} SET NOT NULL", dropped]
        down = [added, f"{alter} ALTER COLUMN {column} DROP NOT NULL"]
    phase = stepwise(
        f"Check that no row of {table.name} has NULL in {column}, and state it",
        up,
        down,
        when=f"no row has NULL in {column}",
        checks=[f"SELECT NOT EXISTS (SELECT FROM {table.name} WHERE {column} IS NULL)"],
    )
    return Required((added,), (dropped,), (phase,))
