"""Views and materialised views (manual, "CREATE VIEW": OR REPLACE keeps what stands on it)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.engines.postgresql.ddl.options import option_changes
from dbspecialist.engines.postgresql.ddl.types import owner_changes
from dbspecialist.engines.postgresql.ddl.words import made, target
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject

_NO_DATA = "\nWITH NO DATA"


def create(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Create a view; a materialised one is filled where the other side's is."""
    for text in made(item):
        if text.startswith("UPDATE "):
            continue
        is_filled = "populated" not in item.attributes and text.startswith("CREATE MATERIALIZED")
        yield (text.removesuffix(_NO_DATA) if is_filled else text).replace(" USING heap", "", 1)


def alter(change: Difference, context: Context) -> list[str] | None:
    """Change a view in place, or return nothing where a column is gone or differs."""
    assert change.before is not None and change.after is not None
    was, now, item = change.before.attributes, change.after.attributes, change.after
    if {"method", "populated", "tablespace"} & set(change.changed):
        return None
    found: list[str] = []
    if "definition" in change.changed:
        if item.kind != "view" or not keeps_columns(item.name, context):
            return None
        found.append(re.sub(r"^CREATE VIEW ", "CREATE OR REPLACE VIEW ", made(item)[0]))
    else:
        alter_view = f"ALTER {target(item)}"
        found += option_changes(alter_view, was.get("options", ""), now.get("options", ""))
    return [*found, *owner_changes(change)]


def keeps_columns(view: str, context: Context) -> bool:
    """Whether a view's columns stay as they are, with others behind them at most."""
    old, new = (
        [(item.name, item.attributes) for item in side.catalogue.parts_of(view, "column")]
        for side in (context.before, context.after)
    )
    return new[: len(old)] == old


def alter_column(change: Difference, _: Context) -> list[str] | None:
    """Change the default of a view's column."""
    assert change.before is not None and change.after is not None
    if set(change.changed) != {"default"}:
        return None
    item, default = change.after, change.after.attributes.get("default")
    alter_view = (
        f"ALTER VIEW {item.parent} ALTER COLUMN {item.name.removeprefix(item.parent + '.')}"
    )
    return [f"{alter_view} SET DEFAULT {default}" if default else f"{alter_view} DROP DEFAULT"]
