"""What goes with a dropped column, how its values are kept, and how it comes back."""

from __future__ import annotations

from collections.abc import Sequence

from dbspecialist.advisors.sequences.backfill import fill, in_batches
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.indexes import concurrent
from dbspecialist.advisors.sequences.queries import literal, none_where
from dbspecialist.advisors.sequences.steps import (
    NOTHING_BACK,
    UNLIMITED,
    Steps,
    patient,
    short,
    stepwise,
)
from dbspecialist.advisors.sequences.table import Table
from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import bare, parts
from dbspecialist.facts.units import count


def drop(ground: Ground, table: Table, column: str) -> Steps:
    """Return the steps that drop a column, its values kept in a table beside it.

    Raises:
        InputError: Where the engine refuses it, as where a view needs the column.
    """
    wanted = f"ALTER TABLE {table.name} DROP COLUMN {column}"
    back = _made_again(ground, table, column, wanted)
    title = f"Drop column {column} of {table.shown}"
    is_computed = "generated" in table.columns[column].attributes
    if table.is_new or is_computed or ground.share_of_nulls(table, column) == 1.0:
        down = [*_added(ground, table, column), *back]
        return Steps((short(title, [wanted], down, stage="contract"),), (wanted,))
    if not table.key:
        raise InputError(
            f"{table.name} has no primary key to keep the values of {column} by",
            "",
            "add a primary key first",
        )
    kept = f"{table.schema}.{ground.free(f'{table.own_name}_{bare(column)}_kept')}"
    phases = (*_keeping(table, column, kept), drop_copied(ground, table, [column], kept))
    return Steps(
        phases,
        (*_made(table, column, kept), wanted),
        losses=(_loss(ground, table, column, kept),),
        notes=(f"drop {kept} once nobody misses the values",),
        lasting=(kept,),
    )


def drop_copied(ground: Ground, table: Table, columns: Sequence[str], kept: str) -> Phase:
    """Return the phase that drops columns whose values stand in a table with the same key.

    Args:
        ground: The schema.
        table: The columns'.
        columns: Their quoted names.
        kept: The other table's qualified name.
    """
    wanted = [f"ALTER TABLE {table.name} DROP COLUMN {column}" for column in columns]
    down = [sql for column in columns for sql in _added(ground, table, column)]
    down += [] if ground.one_message else [UNLIMITED[0]]
    down += [_restored(ground, table, column, kept) for column in columns]
    for column, statement in zip(columns, wanted, strict=True):
        down += _made_again(ground, table, column, statement)
    in_steps = short if ground.one_message else stepwise
    return in_steps(
        f"Drop {', '.join(columns)} of {table.shown}",
        wanted,
        down,
        when=f"no code uses them, and {kept.removeprefix('public.')} has their values",
        checks=[_all_kept(table, column, kept) for column in columns],
        stage="contract",
    )


def _loss(ground: Ground, table: Table, column: str, kept: str) -> str:
    share = ground.share_of_nulls(table, column)
    if table.rows is None:
        told = "its values, whose number is not known"
    elif share is None:
        told = f"up to {count(table.rows)} values"
    else:
        told = f"about {count(table.rows * (1 - share))} values"
    return f"column {column} of {table.name} goes with {told}; {kept} keeps them"


def _keeping(table: Table, column: str, kept: str) -> tuple[Phase, ...]:
    """Return the phases that copy a column's values to a table beside it, in batches."""
    listed, key = ", ".join((*table.key, column)), ", ".join(table.key)
    copied = f"INSERT INTO {kept} ({listed})\n        SELECT {listed} FROM {table.name} WHERE"
    rest = f" AND {column} IS NOT NULL\n        ON CONFLICT ({key}) DO UPDATE"
    rest += f" SET {column} = EXCLUDED.{column}"
    return (
        short(
            f"Make a table for the values of {column} of {table.shown}",
            _made(table, column, kept),
            [f"DROP TABLE {kept}"],
            stage="contract",
        ),
        patient(
            f"Keep the values of {column} of {table.shown}",
            [in_batches(table, copied, rest)],
            [NOTHING_BACK],
            when=f"no code writes {column}",
            stage="contract",
        ),
    )


def _made(table: Table, column: str, kept: str) -> tuple[str, str]:
    """Return the statements that make the table that keeps the values."""
    listed, key = ", ".join((*table.key, column)), ", ".join(table.key)
    return (
        f"CREATE TABLE {kept} AS SELECT {listed} FROM {table.name} WITH NO DATA",
        f"ALTER TABLE {kept} ADD PRIMARY KEY ({key})",
    )


def _all_kept(table: Table, column: str, kept: str) -> str:
    same = " AND ".join(f"kept.{name} = had.{name}" for name in table.key)
    equal = f"{same} AND kept.{column} IS NOT DISTINCT FROM had.{column}"
    missing = f"NOT EXISTS (SELECT FROM {kept} AS kept WHERE {equal})"
    return none_where(f"{table.name} AS had", f"had.{column} IS NOT NULL AND {missing}")


def _added(ground: Ground, table: Table, column: str) -> list[str]:
    """Return the statements that make the column again; it refuses NULL later, if at all."""
    told = table.columns[column].attributes
    text = f"ALTER TABLE {table.name} ADD COLUMN {column} {told['type']}"
    text += f" COLLATE {told['collation']}" if "collation" in told else ""
    if "generated" in told:
        kept = told["generated"].upper()
        return [f"{text} GENERATED ALWAYS AS {told['expression']} {kept}"]
    text += f" DEFAULT {told['default']}" if "default" in told else ""
    for sequence in ground.catalogue.of_kind("sequence"):
        is_own = sequence.attributes.get("owned_by") == f"{table.name}.{column}"
        if is_own and "identity" not in sequence.attributes:
            made = sequence.create.split(";\n", maxsplit=1)[0]
            owned = f"ALTER SEQUENCE {sequence.name} OWNED BY {table.name}.{column}"
            return [made, text, owned]
    return [text]


def _restored(ground: Ground, table: Table, column: str, kept: str) -> str:
    """Return the statement that puts the values back, in batches where it may commit."""
    same = " AND ".join(f"kept.{name} = {table.name}.{name}" for name in table.key)
    if ground.one_message:
        return f"UPDATE {table.name} SET {column} = kept.{column} FROM {kept} AS kept WHERE {same}"
    source = f"FROM {kept} AS kept WHERE {same}"
    return fill(
        table,
        f"{column} = (SELECT kept.{column} {source})",
        f"{column} IS DISTINCT FROM (SELECT kept.{column} {source})",
    )


def _made_again(ground: Ground, table: Table, column: str, wanted: str) -> list[str]:
    """Return the statements that make again what goes with the column, and that it refuses NULL."""
    gone = [item.before for item in ground.changed_by(wanted) if item.after is None and item.before]
    found = [
        sql
        for item in gone
        if item.kind not in ("column", "sequence") and item.attributes.get("type") != "not null"
        for sql in _again(item, table, plain=table.is_small or ground.one_message)
    ]
    told, alter = (
        table.columns[column].attributes,
        f"ALTER TABLE {table.name} ALTER COLUMN {column}",
    )
    numbered = "identity" in told or told.get("default", "").startswith("nextval(")
    first = [f"{alter} SET NOT NULL"] if told.get("not_null") == "true" else []
    if "identity" in told:
        first.append(f"{alter} ADD GENERATED {told['identity'].upper()} AS IDENTITY")
    return [*first, *([_counted_on(table, column)] if numbered else []), *found]


def _counted_on(table: Table, column: str) -> str:
    """Return the query that lets a column's sequence go on behind the greatest value."""
    names = f"'{literal(table.name)}', '{literal(bare(column))}'"
    return f"SELECT setval(pg_get_serial_sequence({names}), max({column})) FROM {table.name}"


def _again(item: SchemaObject, table: Table, *, plain: bool) -> list[str]:
    """Return the statements that make an object, on a large table beside the traffic."""
    made = [sql for sql in item.create.split(";\n") if sql.strip()]
    if plain or table.is_partitioned:
        return made
    if item.kind == "index" and made:
        return [concurrent(made[0]), *made[1:]]
    if item.attributes.get("type") in ("check", "foreign key") and "valid" not in item.attributes:
        name = parts(item.name)[-1]
        validated = f"ALTER TABLE {table.name} VALIDATE CONSTRAINT {name}"
        return [f"{made[0]} NOT VALID", validated, *made[1:]]
    return made
