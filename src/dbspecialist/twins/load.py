"""A catalogue's objects created in an empty database, whatever of it the twin can hold."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.twins.mending import mend, quoted
from dbspecialist.twins.stand_ins import install_stand_ins, stand_ins

Connection = psycopg.Connection[tuple[Any, ...]]
Refused = list[tuple[SchemaObject, psycopg.Error]]

#: Objects sent at once; a refusal halves the batch until the refused object is found.
BATCH = 64
#: How often what was refused is tried again with what it lacked stood in for.
ROUNDS = 20

_ALREADY_THERE = {"42710", "42P06"}  # duplicate object, duplicate schema
_SESSION = """
    SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = error;
    SET row_security = off; SET statement_timeout = 0; SET lock_timeout = 0;
    SET event_triggers = off
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

    Args:
        connection: A superuser's, in autocommit mode, to an empty database.
        catalogue: Objects in creation order.
        owner: A role that gets what has no owner here, or the superuser as owner; it becomes a
            member of every other owner.
    """
    install_stand_ins(connection)
    objects = [_owned_by(item, connection.info.user, owner) for item in catalogue.objects]
    with _session(connection, owner):
        _create_roles(connection, objects)
        notes, refused = _create_all(connection, [item for item in objects if item.create])
    if owner:
        _join_roles(connection, owner)
    stood_in = [item.name for item in catalogue.of_kind("extension") if _plain(item) in stand_ins()]
    return (
        *(f"extension {name}: stood in for" for name in stood_in),
        *notes,
        *(_sentence(item, error) for item, error in refused),
    )


def _plain(item: SchemaObject) -> str:
    return item.name.strip('"')


def _sentence(item: SchemaObject, error: psycopg.Error) -> str:
    return f"{item.kind} {item.name}: left out ({_reason(error)})"


@contextlib.contextmanager
def _session(connection: Connection, owner: str | None) -> Iterator[None]:
    """Prepare the session, and let the owner create what only superusers can meanwhile."""
    connection.execute(_SESSION)
    if owner:
        connection.execute(f"ALTER ROLE {quoted(owner)} SUPERUSER")
        connection.execute(f"SET ROLE {quoted(owner)}")
    try:
        yield
    finally:
        if owner:
            connection.execute("RESET ROLE")
            connection.execute(f"ALTER ROLE {quoted(owner)} NOSUPERUSER")
        connection.execute(_RESET)


def _owned_by(item: SchemaObject, superuser: str, owner: str | None) -> SchemaObject:
    """Give what the superuser's namesake owns in production to the twin's owner."""
    if owner is None or "OWNER TO" not in item.create:
        return item
    pattern = rf'^(ALTER .+ OWNER TO )"?{re.escape(superuser)}"?(;?)$'
    return replace(
        item, create=re.sub(pattern, rf"\g<1>{quoted(owner)}\2", item.create, flags=re.MULTILINE)
    )


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


def _join_roles(connection: Connection, owner: str) -> None:
    """Make the owner a member of every role that is no superuser and not the engine's own."""
    rows = connection.execute(
        "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_'"
        " AND NOT pg_has_role(rolname, %s, 'MEMBER')",
        [owner],
    ).fetchall()
    if rows:
        names = ", ".join(quoted(name) for (name,) in rows)
        connection.execute(f"GRANT {names} TO {quoted(owner)}")


def _create_all(
    connection: Connection, objects: Sequence[SchemaObject]
) -> tuple[list[str], Refused]:
    """Create what goes, then again what was refused, as long as something changes."""
    notes: list[str] = []
    refused: Refused = []
    for start in range(0, len(objects), BATCH):
        refused += _create(connection, objects[start : start + BATCH])
    for _ in range(ROUNDS):
        if not refused:
            break
        waiting = _mend(connection, refused, notes)
        again = _create(connection, waiting)
        if [_reason(error) for _, error in again] == [_reason(error) for _, error in refused]:
            break
        refused = again
    return notes, refused


def _create(connection: Connection, batch: Sequence[SchemaObject]) -> Refused:
    """Create a batch in one transaction, or else in halves; return what was refused."""
    if not batch:
        return []
    try:
        connection.execute(";\n".join(item.create for item in batch).encode(), prepare=False)
    except psycopg.Error as error:
        if connection.closed:
            raise
        if len(batch) == 1:
            return [] if error.sqlstate in _ALREADY_THERE else [(batch[0], error)]
        middle = len(batch) // 2
        return _create(connection, batch[:middle]) + _create(connection, batch[middle:])
    return []


def _mend(connection: Connection, refused: Refused, notes: list[str]) -> list[SchemaObject]:
    """Create stand-ins for what the refused objects lack; return the objects to try again."""
    done: set[str] = set()
    waiting: list[SchemaObject] = []
    for item, error in refused:
        found = mend(item, error)
        if found and found.sql not in done and _runs(connection, found.sql):
            done.add(found.sql)
            notes += [found.note] if found.note else []
            if found.replaces:
                continue
        waiting.append(item)
    return waiting


def _runs(connection: Connection, statements: str) -> bool:
    """Run statements; a refusal leaves the object that needed them with its own reason."""
    try:
        connection.execute(statements.encode(), prepare=False)
    except psycopg.Error:
        return False
    return True


def _reason(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error)
