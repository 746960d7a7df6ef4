"""Split columns off into a table of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.advisors.sequences.backfill import in_batches
from dbspecialist.advisors.sequences.dropped import drop_copied
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.steps import NOTHING_BACK, Steps, patient, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.advisors.sequences.triggers import Trigger
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class SplitTable(Request):
    """Move columns to a new table with the same key, kept in step until old code is gone."""

    table: str = argument("The table.")
    name: str = argument("The new table.")
    columns: tuple[str, ...] = argument("The columns that move.", metavar="COLUMN…")


def steps(request: SplitTable, ground: Ground) -> Steps:
    """Return the new table kept in step, its filling, and the end of the old columns."""
    table = ground.table(request.table)
    columns = [ground.column(table, item) for item in request.columns]
    new = ground.new_relation(request.name, table.schema)
    _refuse(table, columns)
    made = _made(table, columns, new)
    trigger = _trigger(ground, table, columns, new)
    ground.try_or_refuse(made, *trigger.made)
    shown = new.removeprefix("public.")
    expand = short(
        f"Create {shown}, kept in step with {table.shown}",
        [made, *trigger.made],
        [*trigger.gone, f"DROP TABLE {new}"],
        stage="expand",
    )
    listed = ", ".join((*table.key, *columns))
    copied = f"INSERT INTO {new} ({listed})\n        SELECT {listed} FROM {table.name} WHERE"
    backfill = patient(
        f"Fill {shown} in batches",
        [in_batches(table, copied, f" ON CONFLICT ({', '.join(table.key)}) DO NOTHING")],
        [NOTHING_BACK],
        when=f"{shown} is kept in step",
        stage="backfill",
    )
    apart = short(
        f"Let {shown} stand alone",
        trigger.gone,
        trigger.made,
        when=f"no code writes {', '.join(columns)} of {table.shown}",
        stage="contract",
    )
    drops = [f"ALTER TABLE {table.name} DROP COLUMN {column}" for column in columns]
    last = drop_copied(ground, table, columns, new)
    note = f"new code reads {shown} and writes {table.shown} too until its columns go"
    return Steps((expand, backfill, apart, last), (made, *drops), notes=(note,))


def _refuse(table: Table, columns: Sequence[str]) -> None:
    if not table.key:
        raise InputError(f"{table.name} has no primary key", "", "add a primary key first")
    for column in columns:
        if column in table.key:
            raise InputError(f"{column} is part of the key of {table.name}", "", "leave it out")


def _made(table: Table, columns: Sequence[str], new: str) -> str:
    listed = [f"{name} {table.columns[name].attributes['type']} NOT NULL" for name in table.key]
    for name in columns:
        told = table.columns[name].attributes
        default = f" DEFAULT {told['default']}" if "default" in told else ""
        required = " NOT NULL" if told.get("not_null") == "true" else ""
        listed.append(f"{name} {told['type']}{default}{required}")
    key = ", ".join(table.key)
    listed.append(f"PRIMARY KEY ({key})")
    listed.append(f"FOREIGN KEY ({key}) REFERENCES {table.name} ({key}) ON DELETE CASCADE")
    inside = ",\n    ".join(listed)
    return f"CREATE TABLE {new} (\n    {inside}\n)"


def _trigger(ground: Ground, table: Table, columns: Sequence[str], new: str) -> Trigger:
    every = (*table.key, *columns)
    values = ", ".join(f"NEW.{name}" for name in every)
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
    body = (
        f"INSERT INTO {new} ({', '.join(every)}) VALUES ({values})\n"
        f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {sets};"
    )
    name = ground.free(f"{table.own_name}_{bare(parts(new)[-1])}_sync")
    event = f"AFTER INSERT OR UPDATE OF {', '.join(columns)}"
    return Trigger(name, table.name, table.schema, event, body)
