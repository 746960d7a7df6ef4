"""What of the data a script loses, told before anyone runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbspecialist.advisors.schema_diff.actions import Action
from dbspecialist.engines.postgresql.ddl.context import Context


def losses(actions: Iterable[Action], context: Context) -> Iterator[str]:
    """Yield what is lost, one clause each."""
    for action in actions:
        (verb, key), item = action.act, action.item
        if verb != "drop":
            continue
        if item.kind == "table":
            yield f"the rows of table {item.name}"
        elif item.kind == "column" and context.before.catalogue.get("table", item.parent):
            after = context.after.catalogue.by_key.get(key)
            if "generated" not in item.attributes:
                anew = ", computed anew" if after and "generated" in after.attributes else ""
                yield f"the values of column {item.name}{anew}"
        elif item.kind == "sequence":
            yield f"the position of sequence {item.name}"
