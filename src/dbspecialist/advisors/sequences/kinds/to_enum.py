"""Make a column of text an enum."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.conversions import conversion
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.queries import literal, none_where
from dbspecialist.advisors.sequences.replacing import replaced
from dbspecialist.advisors.sequences.shadow import Shadow
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class ToEnum(Request):
    """Make a column an enum of given labels, in a column beside it on a large table."""

    table: str = argument("The table.")
    column: str = argument("The column.")
    type: str = argument("The new type's name.")
    labels: tuple[str, ...] = argument("Its labels, in order.", metavar="LABEL…")


def steps(request: ToEnum, ground: Ground) -> Steps:
    """Return the type and one step on a small table, else the type and a column beside."""
    table = ground.table(request.table)
    column = ground.column(table, request.column)
    kind = ground.new_type(request.type, table.schema)
    listed = ", ".join(f"'{literal(item)}'" for item in request.labels)
    made, gone = f"CREATE TYPE {kind} AS ENUM ({listed})", f"DROP TYPE {kind}"
    using = f"{column}::text::{kind}"
    found = conversion(ground, table, column, kind, using, made)
    when = f"every row has one of {', '.join(request.labels)} in {column}, or NULL"
    checks = [none_where(table.name, f"{column}::text NOT IN ({listed})")]
    if not table.is_small:
        return replaced(Shadow(ground, table, column, found, [made], [gone], when, checks))
    title = f"Make {column} of {table.shown} an enum"
    up, down = [made, found.altered], [found.taken_back, gone]
    return Steps((short(title, up, down, when=when, checks=checks),), (made, found.altered))
