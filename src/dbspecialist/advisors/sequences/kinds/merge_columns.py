"""Merge columns into one."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences import dropped
from dbspecialist.advisors.sequences.backfill import fill
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.steps import NOTHING_BACK, Steps, patient, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.advisors.sequences.triggers import Trigger
from dbspecialist.facts.names import bare
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class MergeColumns(Request):
    """Merge columns into a new one that an expression makes of them."""

    table: str = argument("The table.")
    name: str = argument("The new column.")
    expression: str = argument("What makes its value of the others, in SQL.")
    columns: tuple[str, ...] = argument("The columns that go at last.", metavar="COLUMN…")


def steps(request: MergeColumns, ground: Ground) -> Steps:
    """Return the new column kept in step, its filling, and the end of the old ones."""
    table = ground.table(request.table)
    columns = [ground.column(table, item) for item in request.columns]
    name = ground.new_column(table, request.name)
    kind = ground.type_of(table, request.expression)
    added = f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}"
    trigger = _trigger(ground, table, name, request.expression, columns)
    expand = short(
        f"Add {name} to {table.shown}, kept in step with {', '.join(columns)}",
        [added, *trigger.made],
        [*trigger.gone, f"ALTER TABLE {table.name} DROP COLUMN {name}"],
        stage="expand",
    )
    missing = f"{name} IS NULL AND ({request.expression}) IS NOT NULL"
    backfill = patient(
        f"Fill {name} of {table.shown} in batches",
        [fill(table, f"{name} = {request.expression}", missing)],
        [NOTHING_BACK],
        when=f"{name} is kept in step",
        stage="backfill",
    )
    apart = short(
        f"Let {name} of {table.shown} stand alone",
        trigger.gone,
        trigger.made,
        when=f"no code writes {', '.join(columns)}",
        checks=[none_where(table.name, missing)],
        stage="contract",
    )
    ends = [dropped.drop(ground, table, column) for column in columns]
    return Steps(
        (expand, backfill, apart, *(phase for item in ends for phase in item.phases)),
        (added, *(text for item in ends for text in item.wanted)),
        losses=tuple(text for item in ends for text in item.losses),
        notes=(
            f"new code reads {name} and writes the old columns too until they go",
            *(text for item in ends for text in item.notes),
        ),
        lasting=tuple(text for item in ends for text in item.lasting),
    )


def _trigger(
    ground: Ground, table: Table, name: str, expression: str, columns: list[str]
) -> Trigger:
    row = ground.identifier(table.own_name)
    value = f"NEW.{name} := (SELECT {expression} FROM (SELECT NEW.*) AS {row});"
    old, new = (", ".join(f"{word}.{item}" for item in columns) for word in ("OLD", "NEW"))
    body = f"""IF TG_OP = 'INSERT' THEN
    IF NEW.{name} IS NULL THEN
        {value}
    END IF;
ELSIF ROW({new}) IS DISTINCT FROM ROW({old}) AND NEW.{name} IS NOT DISTINCT FROM OLD.{name} THEN
    {value}
END IF;"""
    sync = ground.free(f"{table.own_name}_{bare(name)}_sync")
    return Trigger(sync, table.name, table.schema, "BEFORE INSERT OR UPDATE", body)
