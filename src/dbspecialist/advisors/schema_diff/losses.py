"""What of the data a script loses, told before anyone runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbspecialist.advisors.schema_diff.actions import Action
from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.facts.catalogue import SchemaObject


def losses(actions: Iterable[Action], context: Context) -> Iterator[str]:
    """Yield what is lost, one clause each."""
    found = list(actions)
    copied = {action.item.name for action in found if action.act[0] == "copy"}
    for action in found:
        (verb, key), item = action.act, action.item
        if verb != "drop" or copied & _ancestors(item.name, context):
            continue
        after = context.after.catalogue.by_key.get(key)
        if item.kind == "table" and after is not None:
            yield from _lost_columns(item, context)
        elif item.kind == "table":
            yield f"the rows of table {item.name}"
        elif item.kind == "column" and context.before.catalogue.get("table", item.parent):
            if "generated" not in item.attributes:
                anew = ", computed anew" if after and "generated" in after.attributes else ""
                yield f"the values of column {item.name}{anew}"
        elif item.kind == "sequence" and item.name not in copied:
            yield f"the position of sequence {item.name}"


def _lost_columns(table: SchemaObject, context: Context) -> Iterator[str]:
    """Yield the columns that a table that is made anew no longer has."""
    for item in context.before.catalogue.parts_of(table.name, "column"):
        if item.key not in context.after.catalogue.by_key and "generated" not in item.attributes:
            yield f"the values of column {item.name}"


def _ancestors(table: str, context: Context) -> set[str]:
    """Return the tables that a table is a partition of; their rows are its rows."""
    found: set[str] = set()
    while item := context.before.catalogue.get("partition", table):
        table = item.parent
        found.add(table)
    return found
