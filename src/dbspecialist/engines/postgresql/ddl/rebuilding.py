"""A table that is made anew with its rows: where ALTER TABLE cannot change what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.catalogue.constraints import name_literal
from dbspecialist.engines.postgresql.ddl.columns import conversion, not_null_name, of_replaced_type
from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.types import replaced_name, set_aside
from dbspecialist.engines.postgresql.ddl.words import own_name, part, schema
from dbspecialist.facts.catalogue import Catalogue, SchemaObject


def aside(item: SchemaObject, catalogue: Catalogue) -> tuple[str, ...]:
    """Give a type, sequence or table, with its identity sequences, names out of the way."""
    return (set_aside(item), *(set_aside(one) for one in identities(item, catalogue)))


def with_names(
    statements: tuple[str, ...], item: SchemaObject, catalogue: Catalogue
) -> tuple[str, ...]:
    """Name each NOT NULL as the engine would (18), had the other table not taken the name."""
    head, *rest = statements
    for column in catalogue.parts_of(item.name, "column"):
        name = own_name(item.name, part(column))
        line = re.compile(rf"^(    {re.escape(part(column))} .*?)NOT NULL(,?)$", re.MULTILINE)
        if not not_null_name(column, catalogue):
            head = line.sub(rf"\g<1>CONSTRAINT {name} NOT NULL\2", head)
    return head, *rest


def identities(item: SchemaObject, catalogue: Catalogue) -> list[SchemaObject]:
    """Return the sequences behind a table's identity columns."""
    found = catalogue.parts_of(item.name, "sequence")
    return [one for one in found if "identity" in one.attributes]


def copying(item: SchemaObject, context: Context) -> Iterator[str]:
    """Copy the rows from the table that was set aside, and where sequences stand."""
    before = context.before.catalogue
    if item.kind == "table":
        yield from _rows(item, context)
    for one in [item] if item.kind == "sequence" else identities(item, before):
        if context.after.catalogue.get("sequence", one.name):
            state = f"{name_literal(one.name)}, last_value, is_called"
            place = f"{schema(one.name)}.{replaced_name(one)}"
            yield f"SELECT pg_catalog.setval({state}) FROM {place}"


def _rows(item: SchemaObject, context: Context) -> Iterator[str]:
    before, after = context.before.catalogue, context.after.catalogue
    pairs = [
        (old, new)
        for new in after.parts_of(item.name, "column")
        if "generated" not in new.attributes and (old := before.by_key.get(new.key))
    ]
    names = ", ".join(part(new) for _, new in pairs)
    values = ", ".join(_value(old, new, context) for old, new in pairs)
    source = f"{schema(item.name)}.{replaced_name(item)}"
    if pairs:
        into = f"INSERT INTO {item.name} ({names}) OVERRIDING SYSTEM VALUE"
        yield f"{into} SELECT {values} FROM {source}"


def _value(old: SchemaObject, new: SchemaObject, context: Context) -> str:
    types = (old.attributes["type"], new.attributes["type"])
    using = conversion(*types, of_replaced_type(new, context), context)
    return using.format(part(new)) if using else part(new)
