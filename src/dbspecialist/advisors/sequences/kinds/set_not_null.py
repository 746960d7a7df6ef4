"""Let a column refuse NULL."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.backfill import fill
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.required import require
from dbspecialist.advisors.sequences.steps import NOTHING_BACK, Steps, patient, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.request import Request, argument, option
from dbspecialist.facts.units import count


@dataclass(frozen=True)
class SetNotNull(Request):
    """Let a column refuse NULL, checked beside the traffic on a large table."""

    table: str = argument("The table.")
    column: str = argument("The column.")
    fill: str | None = option("What rows with NULL get first.")


def steps(request: SetNotNull, ground: Ground) -> Steps:
    """Return the filling of rows with NULL, where that is asked for, and the constraint."""
    table = ground.table(request.table)
    column = ground.column(table, request.column)
    if table.columns[column].attributes.get("not_null") == "true":
        raise InputError(f"{table.name}.{column} refuses NULL already", "", "leave it out")
    wanted = f"ALTER TABLE {table.name} ALTER COLUMN {column} SET NOT NULL"
    ground.try_or_refuse(wanted)
    _refuse_nulls(request, ground, table, column)
    filling = (_fill(request.fill, ground, table, column),) if request.fill is not None else ()
    if not table.is_small:
        return Steps((*filling, *require(ground, table, column)), (wanted,))
    dropped = f"ALTER TABLE {table.name} ALTER COLUMN {column} DROP NOT NULL"
    stated = short(
        f"Let {column} of {table.shown} refuse NULL",
        [wanted],
        [dropped],
        when=f"no row has NULL in {column}",
        checks=[none_where(table.name, f"{column} IS NULL")],
    )
    return Steps((*filling, stated), (wanted,))


def _refuse_nulls(request: SetNotNull, ground: Ground, table: Table, column: str) -> None:
    share = ground.share_of_nulls(table, column)
    if request.fill is None and share and table.rows:
        raise InputError(
            f"about {count(share * table.rows)} of {count(table.rows)} rows of {table.name}"
            f" have NULL in {column}",
            str(request),
            "say with --fill what they get",
        )


def _fill(value: str, ground: Ground, table: Table, column: str) -> Phase:
    assigned, missing = f"{column} = {value}", f"{column} IS NULL"
    ground.try_or_refuse(f"UPDATE {table.name} SET {assigned} WHERE {missing}")
    title = f"Fill {column} of {table.shown} where it is NULL"
    if table.is_small:
        update = f"UPDATE {table.name} SET {assigned} WHERE {missing}"
        return short(title, [update], [NOTHING_BACK], stage="backfill")
    statement = fill(table, assigned, missing)
    return patient(title, [statement], [NOTHING_BACK], stage="backfill")
