"""The side of models: what they create, and around it what models cannot state.

Views, functions, triggers, policies, grants and partitions live in migrations alone. They are taken
over from the other side, so that a difference is never one that the models do not know of.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psycopg

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.migration import VERSION_TABLES
from dbspecialist.twins.loader import Maker
from dbspecialist.twins.scripts import refused, script_session
from dbspecialist.twins.sides import RUNNER, Sides
from dbspecialist.twins.stand_ins import install_stand_ins

#: Kinds that metadata states; its comments are those on tables and columns.
MODELLED = frozenset({"table", "column", "constraint", "index", "enum", "sequence"})
#: Kinds that what models state may stand on.
_BELOW = frozenset(
    {"schema", "extension", "collation", "domain", "composite type", "range", "function"}
    | {"operator", "operator family", "operator class", "text search configuration"}
)


def of_models(sides: Sides, name: str, statements: Sequence[str], other: Catalogue) -> str:
    """Make a database of models, and in it what the other side has besides.

    Args:
        sides: The server.
        name: The models' name, for errors.
        statements: What creates their tables.
        other: The other side's catalogue.

    Raises:
        InputError: Where the engine refuses a statement of the models.
    """
    database = sides.empty()
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(sides.connect(database))
        install_stand_ins(connection)
        maker = stack.enter_context(script_session(connection, RUNNER))
        maker.session.execute("SET check_function_bodies = off")
        # A function may need a table: what is refused here is tried again below.
        later = _take_over(maker, [item for item in other.objects if item.kind in _BELOW])
        for number, statement in enumerate(statements, 1):
            error = maker.make(statement)
            if error is not None:
                raise refused(error, Path(name), number)
        left = _take_over(maker, [*later, *_above(other)])
        sides.notes += [
            f"{item.kind} {item.name}: it goes, since the models leave nothing that it stands on"
            for item in left
        ]
    return database


def _above(other: Catalogue) -> Iterator[SchemaObject]:
    """Yield what stands on tables, partitions and version tables, and settings of tables."""
    whole = {item.name for item in other.of_kind("table") if _is_unmodelled(item)}
    for item in other.objects:
        if item.kind in _BELOW:
            continue
        if item.kind == "comment" and item.name.startswith(("table ", "column ")):
            continue
        if item.kind not in MODELLED or (item.parent or item.name) in whole:
            yield item
        elif item.kind == "table":
            settings = split_script(item.create)[1:]
            yield from (
                SchemaObject("setting", item.name, create=part.sql)
                for part in settings
                if part.sql.startswith("ALTER TABLE")
            )


def _is_unmodelled(table: SchemaObject) -> bool:
    """Whether a table is a partition or a migration tool's own."""
    plain = table.name.rpartition(".")[2].strip('"')
    return "partition_of" in table.attributes or plain in VERSION_TABLES


def _take_over(maker: Maker, items: Iterable[SchemaObject]) -> list[SchemaObject]:
    """Create objects; return those that the engine refuses, without what is there already."""
    left = []
    for item in items:
        if not item.create:
            continue
        error = maker.make_all(item.create)
        if error is None or isinstance(error, psycopg.errors.DuplicateTable):
            continue
        if item.kind not in {"setting", "grant"}:
            left.append(item)
    return left
