"""The statements that make, drop and change objects, one module a family of kinds.

All are pure functions of the objects: what depends on what, and in which order statements stand,
is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dbspecialist.engines.postgresql.ddl import (
    columns,
    comments,
    constraints,
    indexes,
    others,
    privileges,
    routines,
    sequences,
    tables,
    triggers,
    types,
    views,
)
from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.words import made, target
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

Writer = Callable[[SchemaObject, Catalogue], Iterable[str]]
Changer = Callable[[Difference, Context], list[str] | None]

_CREATE: dict[str, Writer] = {
    "column": columns.create,
    "constraint": constraints.create,
    "foreign table": tables.create,
    "grant": privileges.create,
    "index": indexes.create,
    "materialized view": views.create,
    "partition": tables.attach,
    "schema": others.create_schema,
    "sequence": sequences.create,
    "table": tables.create,
    "view": views.create,
}

_DROP: dict[str, Writer] = {
    "column": columns.drop,
    "comment": comments.drop,
    "constraint": constraints.drop,
    "default privileges": privileges.drop,
    "domain constraint": constraints.drop,
    "grant": privileges.drop,
    "partition": tables.detach,
}

_ALTER: dict[str, Changer] = {
    "aggregate": routines.alter,
    "comment": comments.alter,
    "constraint": constraints.alter,
    "default privileges": privileges.alter,
    "domain": types.alter_domain,
    "domain constraint": constraints.alter,
    "enum": types.alter_enum,
    "event trigger": triggers.alter_event_trigger,
    "extension": others.alter_extension,
    "foreign data wrapper": others.alter_server,
    "foreign table": tables.alter,
    "function": routines.alter,
    "grant": privileges.alter,
    "index": indexes.alter,
    "materialized view": views.alter,
    "policy": triggers.alter_policy,
    "procedure": routines.alter,
    "publication": others.alter_publication,
    "rule": triggers.alter,
    "sequence": sequences.alter,
    "server": others.alter_server,
    "statistics": others.alter_statistics,
    "table": tables.alter,
    "trigger": triggers.alter,
    "view": views.alter,
}


def create(item: SchemaObject, catalogue: Catalogue) -> tuple[str, ...]:
    """Write the statements that make an object of a catalogue."""
    write = _CREATE.get(item.kind)
    return tuple(write(item, catalogue)) if write else made(item)


def drop(item: SchemaObject, catalogue: Catalogue) -> tuple[str, ...]:
    """Write the statements that drop an object of a catalogue."""
    write = _DROP.get(item.kind)
    return tuple(write(item, catalogue)) if write else (f"DROP {target(item)}",)


def alter(change: Difference, context: Context) -> tuple[str, ...] | None:
    """Write the statements that change an object in place; nothing where it is made anew."""
    item = change.object
    write = _ALTER.get(item.kind, types.alter_owner)
    if item.kind == "column":
        is_view = any(context.after.catalogue.get(kind, item.parent) for kind in _VIEWS)
        write = views.alter_column if is_view else columns.alter
    found = write(change, context)
    return None if found is None else tuple(found)


_VIEWS = ("view", "materialized view")
