"""The catalogue of a PostgreSQL database: every object with the SQL that recreates it.

Attributes are there where they say something; `position`, `type` and `not_null` (`true`, `false`,
`not valid`) of a column always are. Objects whose SQL comes with another's (columns, identity
sequences, indexes behind constraints, inherited checks) have an empty `create`.

The SQL is meant for an empty database and a superuser with `check_function_bodies` off and an
empty `search_path`. Tablespaces are told as attributes and left out of the SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbspecialist.engines.postgresql.catalogue.aggregates import aggregate_entries
from dbspecialist.engines.postgresql.catalogue.columns import read_columns
from dbspecialist.engines.postgresql.catalogue.comments import comments
from dbspecialist.engines.postgresql.catalogue.constraints import (
    domain_constraints,
    not_null_constraints,
    read_constraints,
    table_constraints,
)
from dbspecialist.engines.postgresql.catalogue.dependencies import read_dependencies
from dbspecialist.engines.postgresql.catalogue.extended import extended_entries
from dbspecialist.engines.postgresql.catalogue.foreign import (
    read_foreign_tables,
    server_entries,
    wrapper_entries,
)
from dbspecialist.engines.postgresql.catalogue.indexes import index_entries, read_indexes
from dbspecialist.engines.postgresql.catalogue.operators import (
    cast_entries,
    family_entries,
    operator_entries,
)
from dbspecialist.engines.postgresql.catalogue.order import ordered
from dbspecialist.engines.postgresql.catalogue.privileges import default_privileges, grants
from dbspecialist.engines.postgresql.catalogue.publications import publication_entries
from dbspecialist.engines.postgresql.catalogue.reader import (
    FIRST_OWN_OID,
    Entry,
    Phase,
    Reader,
)
from dbspecialist.engines.postgresql.catalogue.relations import Tables
from dbspecialist.engines.postgresql.catalogue.routines import routine_entries
from dbspecialist.engines.postgresql.catalogue.schemas import extension_entries, schema_entries
from dbspecialist.engines.postgresql.catalogue.sequences import free_sequences, read_sequences
from dbspecialist.engines.postgresql.catalogue.text_search import (
    collation_entries,
    configuration_entries,
    dictionary_entries,
)
from dbspecialist.engines.postgresql.catalogue.triggers import (
    event_trigger_entries,
    policy_entries,
    trigger_entries,
)
from dbspecialist.engines.postgresql.catalogue.types import read_types, type_entries
from dbspecialist.engines.postgresql.catalogue.views import rule_entries, view_entries
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.dependencies import Dependencies


def read_catalogue(
    connection: psycopg.Connection[Any], *, schemas: Iterable[str] | None = None
) -> Catalogue:
    """Read all objects of a database (PostgreSQL 14 to 18) with catalogue queries only.

    Everything is read in one transaction, or in a subtransaction of the one that is open, which
    is rolled back: the connection's `search_path` is as it was, and no lock stays.

    Args:
        schemas: Read these schemas only (unquoted names); nothing for all but the engine's own.
    """
    with reading(connection, schemas) as reader:
        return Catalogue(tuple(all_objects(reader, all_ordered(reader))))


def read_schema(
    connection: psycopg.Connection[Any], *, schemas: Iterable[str] | None = None
) -> tuple[Catalogue, Dependencies]:
    """Read all objects of a database, and what each of them needs; see `read_catalogue`."""
    with reading(connection, schemas) as reader:
        entries = all_ordered(reader)
        catalogue = Catalogue(tuple(all_objects(reader, entries)))
        return catalogue, read_dependencies(reader, entries, catalogue)


@contextmanager
def reading(connection: psycopg.Connection[Any], schemas: Iterable[str] | None) -> Iterator[Reader]:
    """Open the transaction in which everything is read."""
    # A ROLLBACK makes psycopg forget its prepared statements, so it is used where it is needed.
    is_inside = connection.info.transaction_status is not TransactionStatus.IDLE
    with connection.transaction(force_rollback=is_inside):
        # One moment for all queries, where the transaction is ours.
        isolation = "" if is_inside else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; "
        generic = "; SET LOCAL plan_cache_mode = force_generic_plan"
        connection.execute(f"{isolation}SET LOCAL search_path = ''{generic}".encode())
        reader = Reader(connection, schemas)
        yield reader
    reader.keep()


def all_ordered(reader: Reader) -> list[Entry]:
    """Return every object but grants and comments in creation order."""
    return list(ordered(reader, list(all_entries(reader))))


def all_objects(reader: Reader, entries: list[Entry]) -> Iterator[SchemaObject]:
    """Yield every object in creation order; event triggers last, so that none of it fires them."""
    late = [entry for entry in entries if entry.phase is Phase.EVENT_TRIGGER]
    early = [entry for entry in entries if entry.phase is not Phase.EVENT_TRIGGER]
    for group in (early, late):
        for entry in group:
            yield entry.item
            yield from (part.item for part in entry.parts)
        if group is early:
            yield from grants(reader, early)
            yield from default_privileges(reader)
    yield from comments(reader, early + late)


def all_entries(reader: Reader) -> Iterator[Entry]:
    """Yield every object, in no particular order."""
    columns, sequences = read_columns(reader), read_sequences(reader)
    constraints, indexes_by_table = read_constraints(reader), read_indexes(reader)
    indexes = {row.oid: row for rows in indexes_by_table.values() for row in rows}
    types = read_types(reader)
    yield from schema_entries(reader)
    yield from extension_entries(reader)
    yield from type_entries(reader, types, columns)
    domains = {row.oid: reader.qualified(row.schema, row.name) for row in types if row.type == "d"}
    yield from domain_constraints(constraints, domains)
    yield from routine_entries(reader)
    yield from free_sequences(reader, sequences)
    yield from index_entries(reader, indexes_by_table)
    has_foreign = any(row.kind == "f" for row in reader.relations.values())
    foreign = read_foreign_tables(reader) if has_foreign else {}
    not_null = not_null_constraints(constraints)
    yield from Tables(reader, columns, sequences, not_null, foreign).entries()
    yield from table_constraints(reader, constraints, columns, indexes)
    yield from view_entries(reader, columns)
    yield from rule_entries(reader)
    yield from trigger_entries(reader)
    yield from rare_entries(reader)


#: Families that most databases lack, with the catalogue and its column that tell whether there
#: are any.
RARE: tuple[tuple[str, str, Callable[[Reader], Iterator[Entry]]], ...] = (
    ("pg_aggregate", "aggfnoid", aggregate_entries),
    ("pg_statistic_ext", "oid", extended_entries),
    ("pg_policy", "oid", policy_entries),
    ("pg_event_trigger", "evtname !~ '^dbs_twin_' and oid", event_trigger_entries),
    ("pg_foreign_data_wrapper", "oid", wrapper_entries),
    ("pg_foreign_server", "oid", server_entries),
    ("pg_publication", "oid", publication_entries),
    ("pg_ts_dict", "oid", dictionary_entries),
    ("pg_ts_config", "oid", configuration_entries),
    ("pg_collation", "oid", collation_entries),
    ("pg_operator", "oid", operator_entries),
    ("pg_cast", "oid", cast_entries),
    ("pg_opfamily", "oid", family_entries),
)


def rare_entries(reader: Reader) -> Iterator[Entry]:
    """Yield the objects of rare families; one query finds out which are there."""
    asked = ", ".join(
        f"exists (select from {catalogue} where {column} >= {FIRST_OWN_OID})"
        for catalogue, column, _ in RARE
    )
    (there,) = reader.rows(f"select array[{asked}] as families", same="all")
    for (_, _, entries), is_there in zip(RARE, there.families, strict=True):
        if is_there:
            yield from entries(reader)
