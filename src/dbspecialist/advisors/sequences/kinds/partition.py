"""Partition a table by range."""

from __future__ import annotations

from dataclasses import dataclass

from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.lookup import columns_of
from dbspecialist.advisors.sequences.queries import literal, none_where
from dbspecialist.advisors.sequences.steps import Steps, short
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.advisors.sequences.validated import in_two_steps
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.request import Request, argument


@dataclass(frozen=True)
class Partition(Request):
    """Partition a table by range: what is there becomes the first partition, without a copy."""

    table: str = argument("The table.")
    column: str = argument("The column whose values are divided.")
    until: str = argument("The first value, yet to come, that goes to another partition.")


def steps(request: Partition, ground: Ground) -> Steps:
    """Return the CHECK that spares ATTACH a scan, and the table's place taken by a parent."""
    table = ground.table(request.table)
    column = ground.column(table, request.column)
    _refuse(ground, table, column)
    until = f"'{literal(request.until)}'"
    name = ground.free(f"{table.own_name}_{bare(column)}_before")
    condition = f"CHECK ({column} IS NOT NULL AND {column} < {until})"
    ground.try_or_refuse(f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {condition}")
    checked = in_two_steps(
        table,
        name,
        condition,
        title=f"Bound {column} of {table.shown}",
        when=f"every row is before {request.until}, and until the last phase new ones are",
        checks=[none_where(table.name, f"{column} IS NULL OR {column} >= {until}")],
    )
    first, rest = (ground.free(f"{table.own_name}_{word}") for word in ("before", "default"))
    last = _parent(ground, table, column, until, (name, first, rest))
    added = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {condition}"
    return Steps(
        (*checked, last),
        (added, *last.up[1:]),
        notes=(
            f"make a partition from {request.until} on before rows come to the DEFAULT one",
            f"the way back of the last phase fails once rows from {request.until} on are there",
        ),
        lasting=(table.name, f"{table.schema}.{first}", f"{table.schema}.{rest}"),
    )


def _parent(
    ground: Ground, table: Table, column: str, until: str, names: tuple[str, str, str]
) -> Phase:
    """Return the phase in which a partitioned table takes the table's name.

    Args:
        ground: The schema.
        table: Whose place is taken.
        column: What is divided.
        until: Where the first partition ends, in quotes.
        names: Of the CHECK, the first partition and the DEFAULT one.
    """
    own, (check, first, rest) = ground.identifier(table.own_name), names
    old = f"{table.schema}.{first}"
    up = [
        f"ALTER TABLE {table.name} RENAME TO {first}",
        f"ALTER TABLE {old} ALTER COLUMN {column} SET NOT NULL",
        f"CREATE TABLE {table.name} (LIKE {old} INCLUDING DEFAULTS INCLUDING INDEXES"
        f" INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS)"
        f" PARTITION BY RANGE ({column})",
        f"ALTER TABLE {table.name} ATTACH PARTITION {old} FOR VALUES FROM (MINVALUE) TO ({until})",
        f"ALTER TABLE {old} DROP CONSTRAINT {check}",
        f"CREATE TABLE {table.schema}.{rest} PARTITION OF {table.name} DEFAULT",
        *(item.create for item in ground.catalogue.parts_of(table.name, "grant")),
    ]
    required = table.columns[column].attributes.get("not_null") == "true"
    down = [
        f"ALTER TABLE {table.name} DETACH PARTITION {old}",
        f"INSERT INTO {old} SELECT * FROM {table.name}",
        f"DROP TABLE {table.name}",
        f"ALTER TABLE {old} RENAME TO {own}",
        f"ALTER TABLE {table.name} ADD CONSTRAINT {check}"
        f" CHECK ({column} IS NOT NULL AND {column} < {until})",
    ]
    if not required:
        down.append(f"ALTER TABLE {table.name} ALTER COLUMN {column} DROP NOT NULL")
    return short(f"Put a partitioned table in the place of {table.shown}", up, down)


def _refuse(ground: Ground, table: Table, column: str) -> None:
    """Refuse what a parent cannot take over as it is.

    Raises:
        InputError: With what stands in the way.
    """
    if table.is_partitioned:
        raise InputError(f"{table.name} is partitioned already", "", "leave it out")
    for item in ground.catalogue.of_kind("constraint", "index"):
        told = item.attributes
        if told.get("type") == "foreign key" and table.name in (item.parent, told["referenced"]):
            raise InputError(f"foreign key {item.name} is in the way", "", "drop it first")
        unique = told.get("type") in ("unique", "primary key")
        if item.parent == table.name and unique and column not in columns_of(item):
            raise InputError(
                f"{item.name} does not hold {column}, which a partitioned table demands",
                "",
                "make it a key of both first",
            )
    for item in ground.catalogue.parts_of(table.name, "trigger", "policy", "rule", "sequence"):
        if item.kind != "sequence" or item.attributes.get("identity"):
            what = f"{item.kind} {parts(item.name)[-1]}"
            raise InputError(f"{what} of {table.name} is in the way", "", "drop it first")
