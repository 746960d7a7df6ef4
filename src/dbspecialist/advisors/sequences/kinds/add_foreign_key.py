"""Add a foreign key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import build
from dbspecialist.advisors.sequences.queries import none_where
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.advisors.sequences.validated import in_two_steps
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import parts
from dbspecialist.facts.request import Request, argument, flag, option

#: Since when a partitioned table takes a foreign key that is NOT VALID.
NOT_VALID_ON_PARENTS_SINCE = 180_000
_TARGET = re.compile(r"\s*([^()]+?)\s*(?:\((.+)\))?\s*")


@dataclass(frozen=True)
class AddForeignKey(Request):
    """Add a foreign key and an index for it, validated beside the traffic on a large table."""

    table: str = argument("The table.")
    columns: str = argument("Its columns, with commas between.")
    references: str = argument("The other table, or TABLE(COLUMNS) where it is not its key.")
    on_delete: str | None = option("cascade, restrict, set null or set default.", metavar="ACTION")
    on_update: str | None = option("Likewise.", metavar="ACTION")
    deferrable: bool = flag("It is checked at the end of the transaction.")
    name: str | None = option("The constraint's name.", metavar="NAME")
    no_index: bool = flag("No index is built for it.")


def steps(request: AddForeignKey, ground: Ground) -> Steps:
    """Return the index where none serves, the constraint, and its validation."""
    table = ground.table(request.table)
    columns = ground.columns(table, request.columns)
    other, referenced = _target(request, ground)
    written = (
        f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {other.name} ({', '.join(referenced)})"
    )
    named = f"CONSTRAINT {ground.identifier(request.name)} " if request.name else ""
    _refuse_parent(ground, table)
    made = ground.made_by(
        "constraint", table, f"ALTER TABLE {table.name} ADD {named}{written}{_more(request)}"
    )
    name, definition = parts(made.name)[-1], made.attributes["definition"]
    wanted = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {definition}"
    index = _index(request, ground, table, columns)
    title = f"Add foreign key {name} to {table.shown}"
    dropped = f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"
    when = f"every row refers to one of {other.shown}"
    checks = [_no_orphans(table, columns, other, referenced)]
    if table.is_small:
        added: tuple[Phase, ...] = (short(title, [wanted], [dropped], when=when, checks=checks),)
    else:
        added = in_two_steps(table, name, definition, title=title, when=when, checks=checks)
    builds = build(ground, table, index, title=f"Index {name} of {table.shown}") if index else ()
    return Steps((*builds, *added), (*([index] if index else []), wanted))


def _refuse_parent(ground: Ground, table: Table) -> None:
    if table.is_partitioned and ground.version < NOT_VALID_ON_PARENTS_SINCE:
        raise InputError(
            f"PostgreSQL {ground.version // 10_000} adds no unchecked foreign key to"
            f" {table.name}, which is partitioned",
            "",
            "add it partition by partition",
        )


def _target(request: AddForeignKey, ground: Ground) -> tuple[Table, tuple[str, ...]]:
    found = _TARGET.fullmatch(request.references)
    if found is None:
        raise InputError(f"'{request.references}' names no table", "", "write TABLE(COLUMNS)")
    other = ground.table(found[1])
    referenced = ground.columns(other, found[2]) if found[2] else other.key
    if not referenced:
        raise InputError(f"{other.name} has no primary key", "", "write TABLE(COLUMNS)")
    return other, referenced


def _more(request: AddForeignKey) -> str:
    words = []
    for event, action in (("DELETE", request.on_delete), ("UPDATE", request.on_update)):
        if action:
            words.append(f" ON {event} {action.upper()}")
    return "".join(words) + (" DEFERRABLE INITIALLY DEFERRED" if request.deferrable else "")


def _index(request: AddForeignKey, ground: Ground, table: Table, columns: Sequence[str]) -> str:
    """Return the definition of an index for the key, "" where one begins with its columns."""
    listed = ", ".join(columns)
    if request.no_index or ground.has_index(table, columns):
        return ""
    made = ground.made_by("index", table, f"CREATE INDEX ON {table.name} ({listed})")
    return made.attributes["definition"].replace(" ON ONLY ", " ON ", 1)


def _no_orphans(
    table: Table, columns: Sequence[str], other: Table, referenced: Sequence[str]
) -> str:
    filled = " AND ".join(f"referring.{name} IS NOT NULL" for name in columns)
    pairs = zip(columns, referenced, strict=True)
    equal = " AND ".join(f"referred.{there} = referring.{here}" for here, there in pairs)
    missing = f"NOT EXISTS (SELECT FROM {other.name} AS referred WHERE {equal})"
    return none_where(f"{table.name} AS referring", f"{filled} AND {missing}")
