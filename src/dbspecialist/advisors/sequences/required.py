"""NOT NULL without a long lock: added unchecked, checked beside the traffic, and stated.

SET NOT NULL reads no row where a valid CHECK proves that there is no NULL ("ALTER TABLE",
PostgreSQL manual). From PostgreSQL 18 the NOT NULL itself can be NOT VALID at first. Either is
checked for rows that are changed, so that it comes after the last NULL is gone.
"""

from __future__ import annotations

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.steps import short, stepwise
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.change import Phase
from dbspecialist.facts.names import bare

#: Since when NOT NULL can be added NOT VALID.
NOT_VALID_SINCE = 180_000


def require(ground: Ground, table: Table, column: str) -> tuple[Phase, ...]:
    """Return the phases by which a column of a large table comes to refuse NULL.

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
    when, checks = f"no row has NULL in {column}", [none_where(table.name, f"{column} IS NULL")]
    refuse = f"Refuse NULL in {column} of new rows of {table.shown}"
    check = f"Check that no row of {table.shown} has NULL in {column}"
    first = short(refuse, [added], [dropped], when=when, checks=checks)
    if is_new or not ground.one_message:
        return first, stepwise(check, up, down, when=when, checks=checks)
    stated = f"Let {column} of {table.shown} refuse NULL"
    needless = f"Drop the CHECK that NOT NULL makes needless of {table.shown}"
    return (
        first,
        stepwise(check, up[:1], [dropped, added], when=when, checks=checks),
        short(stated, up[1:2], down[1:]),
        short(needless, [dropped], [added, validated]),
    )
