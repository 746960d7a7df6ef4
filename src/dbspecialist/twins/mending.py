"""What to create where an object's SQL is refused because the twin lacks something.

Told by the engine's refusal alone: a role, a schema, a type or a collation that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbspecialist.facts.catalogue import SchemaObject
from dbspecialist.facts.names import NAME, QUALIFIED

_ROLE = re.compile(r'role "(.+?)" does not exist')
_SCHEMA = re.compile(r'schema "(.+?)" does not exist')
_TYPE = re.compile(r'type "(.+?)" does not exist')
_COLLATION = re.compile(r'collation "(.+?)" for encoding ".+?" does not exist')
#: The C library's locale that stands in for others: it is not "C", so that LIKE uses no plain
#: B-tree, as with the others.
LOCALE = "C.UTF-8"


@dataclass(frozen=True, slots=True)
class Mending:
    """What to run for a refused object.

    Args:
        sql: Statements for a superuser.
        note: What is stood in for, a sentence, or "" for what loses nothing.
        replaces: Whether the object itself is made by it and need not be tried again.
    """

    sql: str
    note: str = ""
    replaces: bool = False


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def mend(item: SchemaObject, error: psycopg.Error) -> Mending | None:
    """Return what to run before the object is tried again; nothing where nothing is known."""
    text = error.diag.message_primary or ""
    for pattern, stand_in in _MENDINGS:
        found = pattern.search(text)
        if found:
            return stand_in(found.group(1))
    if item.kind == "collation" and ("ICU" in text or "locale" in text):
        note = f"collation {item.name}: stood in for by {LOCALE}"
        return Mending(collation_sql(item.name), note, replaces=True)
    return None


def _role(name: str) -> Mending:
    return Mending(f"CREATE ROLE {quoted(name)} NOLOGIN")


def _schema(name: str) -> Mending:
    return Mending(f"CREATE SCHEMA {quoted(name)}", f"schema {name}: made empty")


def _collation(name: str) -> Mending:
    qualified = ".".join(quoted(part) for part in name.split(".", 1))
    allowed = "SET LOCAL allow_system_table_mods = on"
    return Mending(
        f"{allowed}; {collation_sql(qualified)}",
        f"collation {name}: stood in for by {LOCALE}",
    )


def collation_sql(name: str) -> str:
    """Write a collation of the C library; `name` is quoted and qualified."""
    return f"CREATE COLLATION {name} (provider = libc, locale = '{LOCALE}')"


def _type(name: str) -> Mending:
    schema, _, plain = name.rpartition(".")
    return Mending(
        opaque_type_sql(schema or "public", plain), f"type {name}: stood in for by a text"
    )


def opaque_type_sql(schema: str, name: str) -> str:
    """Write a type that holds any text and takes any modifiers (`geometry(Point,4326)`).

    Its functions are the engine's own for text; modifiers are counted and not kept.
    """
    full = f"{quoted(schema)}.{quoted(name)}"

    def function(suffix: str, signature: str, symbol: str) -> str:
        return (
            f"CREATE FUNCTION {quoted(schema)}.{quoted(name + suffix)}{signature} "
            f"LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS '{symbol}'"
        )

    def use(suffix: str) -> str:
        return f"{quoted(schema)}.{quoted(name + suffix)}"

    return "; ".join(
        (
            f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}",
            f"CREATE TYPE {full}",
            function("_in", f"(cstring) RETURNS {full}", "textin"),
            function("_out", f"({full}) RETURNS cstring", "textout"),
            function("_recv", f"(internal) RETURNS {full}", "textrecv"),
            function("_send", f"({full}) RETURNS bytea", "textsend"),
            function("_typmod_in", "(cstring[]) RETURNS integer", "array_cardinality"),
            function("_typmod_out", "(integer) RETURNS cstring", "varchartypmodout"),
            f"CREATE TYPE {full} (INPUT = {use('_in')}, OUTPUT = {use('_out')}, "
            f"RECEIVE = {use('_recv')}, SEND = {use('_send')}, TYPMOD_IN = {use('_typmod_in')}, "
            f"TYPMOD_OUT = {use('_typmod_out')}, STORAGE = extended)",
        )
    )


_MENDINGS: tuple[tuple[re.Pattern[str], Callable[[str], Mending]], ...] = (
    (_ROLE, _role),
    (_SCHEMA, _schema),
    (_COLLATION, _collation),
    (_TYPE, _type),
)


#: Values that are compressed otherwise change no lock, no rewrite and no plan.
_LZ4 = re.compile(rf";\s*ALTER TABLE (?:ONLY )?{QUALIFIED} ALTER COLUMN {NAME} SET COMPRESSION lz4")
HAS_LZ4 = "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"


def without_lz4(
    connection: psycopg.Connection[tuple[Any, ...]], objects: Sequence[SchemaObject]
) -> tuple[list[SchemaObject], list[str]]:
    """Take out what compresses columns by a method that the server may be built without.

    Source: PostgreSQL manual, "Installation from Source Code", --with-lz4.
    """
    named = [item for item in objects if "COMPRESSION lz4" in item.create]
    row = connection.execute(HAS_LZ4).fetchone() if named else None
    if row is None or row[0]:
        return [*objects], []
    plain = {item.key: replace(item, create=_LZ4.sub("", item.create)) for item in named}
    return [plain.get(item.key, item) for item in objects], [
        f"{item.kind} {item.name}" for item in named
    ]
