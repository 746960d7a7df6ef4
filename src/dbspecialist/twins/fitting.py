"""Two sides fitted to one another: what one cannot show is not compared.

What the twin could not hold of a snapshot would look like something to drop or to make; so would an
extension that operators use and nothing in the schema needs (`pg_stat_statements`).
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from dbspecialist.engines.postgresql import ddl
from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.twins.sides import Connection, Sides


def fit(sides: Sides, one: str, other: str) -> None:
    """Take from each side what the other would only seem to lack.

    Args:
        sides: The server.
        one: A database.
        other: The one that it is compared with.
    """
    for database, counterpart in ((one, other), (other, one)):
        if database not in sides.given:
            continue
        with sides.connect(database) as here, sides.connect(counterpart) as there:
            found, across = read_catalogue(here), read_catalogue(there)
            given = sides.given[database]
            _drop(
                there,
                across,
                [item for item in _left_out(given, found) if item.key in across.by_key],
            )
            _drop(here, found, [item for item in _tools(given) if item.key not in across.by_key])


def _left_out(given: Catalogue, found: Catalogue) -> Iterator[SchemaObject]:
    """Yield what a snapshot has and the twin could not hold, dependents first."""
    for item in reversed(given.objects):
        if item.key not in found.by_key and item.create and item.kind != "extension":
            yield item


def _tools(given: Catalogue) -> Iterator[SchemaObject]:
    """Yield the extensions that nothing in a schema needs."""
    needed = {item.extension for item in given.objects}
    for item in given.of_kind("extension"):
        if item.name.strip('"') not in needed:
            yield item


def _drop(connection: Connection, catalogue: Catalogue, items: list[SchemaObject]) -> None:
    for item in items:
        own = catalogue.by_key.get(item.key, item)
        for statement in ddl.drop(own, catalogue):
            try:
                connection.execute(f"{statement} CASCADE".encode(), prepare=False)
            except psycopg.errors.UndefinedObject:  # gone with another
                continue
            except psycopg.errors.UndefinedTable:
                continue
