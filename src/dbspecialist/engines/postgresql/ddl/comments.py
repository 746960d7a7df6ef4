"""Comments (manual, "COMMENT")."""

from __future__ import annotations

from collections.abc import Iterator

from dbspecialist.engines.postgresql.catalogue.reader import literal
from dbspecialist.engines.postgresql.ddl.context import Context
from dbspecialist.facts.catalogue import Catalogue, Difference, SchemaObject


def drop(item: SchemaObject, _: Catalogue) -> Iterator[str]:
    """Take a comment away."""
    yield item.create.removesuffix(literal(item.attributes["text"])) + "NULL"


def alter(change: Difference, _: Context) -> list[str]:
    """Write another comment over the one that is there."""
    assert change.after is not None
    return [change.after.create]
