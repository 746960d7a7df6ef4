"""Let rows be marked as deleted."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import build
from dbspecialist.advisors.sequences.lookup import columns_of
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.advisors.sequences.views import SECURITY_INVOKER_SINCE
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument, flag, option


@dataclass(frozen=True)
class SoftDelete(Request):
    """Add a column that marks rows as deleted, and a view of those that are not."""

    table: str = argument("The table.")
    column: str | None = option("The column's name instead of deleted_at.", metavar="NAME")
    view: str | None = option("The view's name instead of TABLE_live.", metavar="NAME")
    free_keys: bool = flag("Unique values of deleted rows may be used again.")


def steps(request: SoftDelete, ground: Ground) -> Steps:
    """Return the column with its view, and partial unique indexes where keys become free."""
    table = ground.table(request.table)
    column = ground.new_column(table, request.column or "deleted_at")
    view = ground.new_relation(request.view or f"{table.own_name}_live", table.schema)
    added = f"ALTER TABLE {table.name} ADD COLUMN {column} timestamp with time zone"
    invoker = " WITH (security_invoker = true)" if _has_rights(ground) else ""
    listed = ", ".join(table.columns)
    made = (
        f"CREATE VIEW {view}{invoker} AS SELECT {listed} FROM {table.name} WHERE {column} IS NULL"
    )
    ground.try_or_refuse(added, made)
    first = short(
        f"Let rows of {table.shown} be marked as deleted",
        [added, made],
        [f"DROP VIEW {view}", f"ALTER TABLE {table.name} DROP COLUMN {column}"],
        stage="expand",
    )
    found = Steps((first,), (added, made))
    if not request.free_keys:
        return found
    for item in _unique(ground, table):
        found = _freed(found, ground, table, column, item)
    return found


def _has_rights(ground: Ground) -> bool:
    return ground.version >= SECURITY_INVOKER_SINCE


def _unique(ground: Ground, table: Table) -> list[SchemaObject]:
    there = ground.catalogue.parts_of(table.name, "constraint")
    return [item for item in there if item.attributes.get("type") == "unique"]


def _freed(found: Steps, ground: Ground, table: Table, column: str, item: SchemaObject) -> Steps:
    """Add the index that takes a constraint's place, and the constraint's end."""
    name, listed = parts(item.name)[-1], ", ".join(columns_of(item))
    index = ground.free(f"{table.own_name}_{'_'.join(columns_of(item))}_live")
    definition = (
        f"CREATE UNIQUE INDEX {index} ON {table.name} USING btree ({listed})"
        f" WHERE ({column} IS NULL)"
    )
    dropped = f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"
    builds = build(ground, table, definition, title=f"Keep {listed} unique among live rows")
    last = short(
        f"Drop constraint {name} of {table.shown}",
        [dropped],
        [f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {item.attributes['definition']}"],
        when=f"no code names ({listed}) in ON CONFLICT without WHERE {column} IS NULL",
        stage="contract",
    )
    return Steps(
        (*found.phases, *builds, last), (*found.wanted, definition, dropped), notes=found.notes
    )
