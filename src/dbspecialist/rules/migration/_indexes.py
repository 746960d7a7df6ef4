"""Indexes as rules see them: read from the engine's own text of their definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbspecialist.engines.postgresql.index_definition import IndexParts, index_parts, repeat_parts
from dbspecialist.facts.catalogue import Catalogue

__all__ = ["IndexParts", "concurrently", "index_parts", "indexes_on", "repeat_parts"]


def indexes_on(catalogue: Catalogue, table: str) -> Iterator[IndexParts]:
    """Yield the indexes of a table."""
    return (index_parts(item) for item in catalogue.parts_of(table, "index"))


def concurrently(definition: str) -> str:
    """Write an index's definition so that it is built while writes go on."""
    return re.sub(r"^(CREATE (?:UNIQUE )?INDEX) ", r"\1 CONCURRENTLY ", definition)
