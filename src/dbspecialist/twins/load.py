"""A catalogue's objects created in an empty database, whatever of it the twin can hold."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.twins.loader import (
    DENIED,
    Maker,
    as_owner,
    join_roles,
    makers,
    runs,
)
from dbspecialist.twins.mending import mend, quoted, without_lz4
from dbspecialist.twins.privileged import given_to, is_mark, run_privileged
from dbspecialist.twins.stand_ins import install_stand_ins, stand_ins

Connection = psycopg.Connection[tuple[Any, ...]]
Refused = list[tuple[SchemaObject, psycopg.Error]]

#: Objects sent at once; a refusal halves the batch until the refused object is found.
BATCH = 64
#: How often what was refused is tried again with what it lacked stood in for.
ROUNDS = 20

_SESSION = """
    SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = error;
    SET row_security = off; SET statement_timeout = 0; SET lock_timeout = 0
"""
_RESET = """
    RESET search_path; RESET check_function_bodies; RESET client_min_messages;
    RESET row_security; RESET statement_timeout; RESET lock_timeout; RESET event_triggers
"""


def load_schema(
    connection: Connection, catalogue: Catalogue, *, owner: str | None = None
) -> tuple[str, ...]:
    """Create every object of a catalogue and return what was left out or stood in for.

    An object that is refused is tried again after the others, with a stand-in for the role, type
    or collation it lacks, and is left out with the engine's reason when nothing helps. A schema
    never fails to load.

    Where an owner is given, the SQL of the objects runs with that role's rights: a snapshot may
    hold any SQL. What needs a superuser is made by `privileged`. Without an owner it runs with the
    rights of the connection.

    Args:
        connection: A superuser's, in autocommit mode, to an empty database.
        catalogue: Objects in creation order.
        owner: A role that gets what has no owner here, or the superuser as owner; it becomes a
            member of every other owner.
    """
    install_stand_ins(connection)
    objects = [_owned_by(item, owner) for item in catalogue.objects]
    with _session(connection, owner) as maker:
        _create_roles(connection, objects)
        if owner:
            join_roles(connection, owner)
        first, rest, last = _in_turn([item for item in objects if item.create], owner)
        first = [item for item in first if not _is_extended(maker, item)]
        rest, compressed = without_lz4(connection, rest)
        notes, refused = _create_all(maker, [*first, *rest])
        refused += _create(maker, last)
    stood_in = [item.name for item in catalogue.of_kind("extension") if _plain(item) in stand_ins()]
    return (
        *(f"extension {name}: stood in for" for name in stood_in),
        *(f"{name}: compressed by pglz, this server has no lz4" for name in compressed),
        *notes,
        *(_sentence(item, error) for item, error in refused),
    )


def _in_turn(
    objects: Sequence[SchemaObject], owner: str | None
) -> tuple[list[SchemaObject], list[SchemaObject], list[SchemaObject]]:
    """Divide objects: extensions are made before anything could lie in their scripts' way.

    Event triggers come last, so that they do not run here.
    """
    if owner is None:
        return [], list(objects), []
    first = [item for item in objects if item.kind == "extension"]
    last = [item for item in objects if _is_of_event_trigger(item)]
    return first, [item for item in objects if item not in first and item not in last], last


def _is_of_event_trigger(item: SchemaObject) -> bool:
    comment = item.kind == "comment" and item.name.startswith("event trigger ")
    return comment or item.kind == "event trigger"


_IN_SCHEMA = re.compile(r'CREATE EXTENSION .* SCHEMA ([a-z_][a-z0-9_$]*|"(?:[^"]|"")+")(?: .*)?')


def _is_extended(maker: Maker, item: SchemaObject) -> bool:
    """Make an extension and the schema it is in; tell whether it is there."""
    found = _IN_SCHEMA.fullmatch(item.create)
    if found:
        runs(maker.session, f"CREATE SCHEMA IF NOT EXISTS {found[1]}")
    try:
        return run_privileged(maker.admin, item.create, maker.owner or "")
    except psycopg.Error:
        return False  # the session that makes all else will be told why


def _plain(item: SchemaObject) -> str:
    return item.name.strip('"')


def _sentence(item: SchemaObject, error: psycopg.Error) -> str:
    return f"{item.kind} {item.name}: left out ({_reason(error)})"


@contextlib.contextmanager
def _session(connection: Connection, owner: str | None) -> Iterator[Maker]:
    """Prepare the sessions: the superuser's, and the one that runs the objects' SQL."""
    connection.execute(f"{_SESSION}; SET event_triggers = off")
    try:
        with contextlib.ExitStack() as stack:
            if owner:
                stack.enter_context(makers(connection))
            session = stack.enter_context(as_owner(connection, owner))
            if owner:
                session.execute(_SESSION)
            yield Maker(connection, session, owner)
    finally:
        connection.execute(_RESET)


def _owned_by(item: SchemaObject, owner: str | None) -> SchemaObject:
    """Give what the superuser's namesake owns in production to the twin's owner."""
    if owner is None or "OWNER TO" not in item.create:
        return item
    return replace(item, create=given_to(item.create, owner))


def _create_roles(connection: Connection, objects: Sequence[SchemaObject]) -> None:
    """Create the owners named by the objects that are not there, without login."""
    names = {item.attributes["owner"] for item in objects if "owner" in item.attributes}
    missing = connection.execute(
        "SELECT (parse_ident(name, false))[1] FROM unnest(%s::text[]) AS name"
        " WHERE to_regrole(name) IS NULL",
        [sorted(names)],
    ).fetchall()
    for (name,) in missing:
        connection.execute(f"CREATE ROLE {quoted(name)} NOLOGIN")


def _create_all(maker: Maker, objects: Sequence[SchemaObject]) -> tuple[list[str], Refused]:
    """Create what goes, then again what was refused, as long as something changes."""
    notes: list[str] = []
    refused: Refused = []
    for start in range(0, len(objects), BATCH):
        refused += _create(maker, objects[start : start + BATCH])
    denied: Refused = []
    for _ in range(ROUNDS):
        # Rights do not come by waiting.
        denied += [pair for pair in refused if pair[1].sqlstate == DENIED]
        refused = [pair for pair in refused if pair[1].sqlstate != DENIED]
        if not refused:
            break
        waiting = _mend(maker, refused, notes)
        again = _create(maker, waiting)
        if [_reason(error) for _, error in again] == [_reason(error) for _, error in refused]:
            break
        refused = again
    return notes, [*denied, *refused]


def _create(maker: Maker, batch: Sequence[SchemaObject]) -> Refused:
    """Create a batch in one transaction, or else in halves; return what was refused."""
    if not batch:
        return []
    texts, marks = _without_marks(batch) if maker.owner else ([item.create for item in batch], [])
    try:
        maker.session.execute(";\n".join(texts).encode(), prepare=False)
    except psycopg.Error as error:
        if maker.session.closed:
            raise
        if len(batch) == 1:
            found = maker.make_each(batch[0].create, error)
            return [] if found is None else [(batch[0], found)]
        middle = len(batch) // 2
        return _create(maker, batch[:middle]) + _create(maker, batch[middle:])
    for mark in marks:
        run_privileged(maker.admin, mark, maker.owner or "")
    return []


def _without_marks(batch: Sequence[SchemaObject]) -> tuple[list[str], list[str]]:
    """Take what marks materialized views and indexes out of the SQL of objects."""
    texts: list[str] = []
    marks: list[str] = []
    for item in batch:
        lines = item.create.splitlines() if "\nUPDATE pg_catalog." in item.create else []
        found = [line.rstrip(";") for line in lines if is_mark(line.rstrip(";"))]
        marks += found
        kept = (line for line in lines if line.rstrip(";") not in found)
        texts.append("\n".join(kept).rstrip(";") if found else item.create)
    return texts, marks


def _mend(maker: Maker, refused: Refused, notes: list[str]) -> list[SchemaObject]:
    """Create stand-ins for what the refused objects lack; return the objects to try again."""
    done: set[str] = set()
    waiting: list[SchemaObject] = []
    for item, error in refused:
        found = mend(item, error)
        if found and found.sql not in done and maker.mended(found.sql):
            done.add(found.sql)
            notes += [found.note] if found.note else []
            if found.replaces:
                continue
        waiting.append(item)
    return waiting


def _reason(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error)
