"""What of a schema only a superuser can make, in statements of our own.

The schema's text is matched against forms that hold names and fixed words alone, no expression that
would be evaluated, and one statement is sent at a time (the extended protocol takes no more). Left
out, with the engine's reason, are functions in C and internal ones, base types, casts without a
function and aggregates over internal states: with them a file could read the server's memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.mending import quoted

Connection = psycopg.Connection[tuple[Any, ...]]

_NAME = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")'
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_ARGUMENTS = r"\([^;'$()]*\)"
_OWNED = (
    r"(?:FOREIGN )?TABLE|(?:MATERIALIZED )?VIEW|SEQUENCE|SCHEMA|TYPE|DOMAIN|COLLATION|CONVERSION"
    r"|STATISTICS|TEXT SEARCH (?:CONFIGURATION|DICTIONARY)|FUNCTION|PROCEDURE|AGGREGATE|PUBLICATION"
    r"|SERVER|FOREIGN DATA WRAPPER|EVENT TRIGGER|OPERATOR CLASS|OPERATOR FAMILY"
)
_OWNER = re.compile(
    rf"ALTER (?:{_OWNED}) {_PATH}(?:{_ARGUMENTS})?(?: USING {_NAME})? OWNER TO ({_NAME})"
)
#: Statements that are sent as they are, by a superuser with the owner's name.
_FIXED = tuple(
    re.compile(form)
    for form in (
        rf"CREATE EXTENSION(?: IF NOT EXISTS)? {_NAME}(?: WITH)?(?: SCHEMA {_NAME})?"
        rf"(?: VERSION (?:{_NAME}|'[\w.-]+'))?",
        rf"CREATE EVENT TRIGGER {_NAME} ON [a-z_]+(?: WHEN TAG IN \((?:'[A-Z ]+'(?:, )?)+\))?"
        rf" EXECUTE (?:FUNCTION|PROCEDURE) {_PATH}\(\)",
        rf"ALTER EVENT TRIGGER {_NAME} (?:DISABLE|ENABLE(?: REPLICA| ALWAYS)?)",
        rf"CREATE OPERATOR FAMILY {_PATH} USING {_NAME}",
        rf"CREATE OPERATOR CLASS {_PATH} (?:DEFAULT )?FOR TYPE [^;'$]+",
        rf"CREATE PUBLICATION {_NAME} FOR (?:ALL TABLES|TABLES IN SCHEMA {_PATH}(?:, {_PATH})*)"
        r"(?: WITH \((?:[a-z_]+ = (?:'[a-z, ]*'|\w+)(?:, )?)+\))?",
        rf"ALTER DEFAULT PRIVILEGES FOR ROLE {_NAME}(?: IN SCHEMA {_NAME})? (?:GRANT|REVOKE)"
        r" [^;'$()]+",
    )
)
_WRAPPER = re.compile(rf"CREATE FOREIGN DATA WRAPPER ({_NAME})(?: .*)?", re.DOTALL)
_MARK = re.compile(
    r"UPDATE pg_catalog\.(?:pg_class SET relispopulated = true WHERE oid"
    r"|pg_index SET indisvalid = false WHERE indexrelid) = '(?:[^'\\]|'')+'::pg_catalog\.regclass"
)
_UNOWNABLE = """
SELECT 1 FROM pg_roles
 WHERE rolname = (parse_ident(%s, false))[1] AND rolname <> 'pg_database_owner'
   AND (rolsuper OR rolname ~ '^(pg_|dbs_(loader|makers|visitor))')
"""


def split(text: str) -> tuple[str, ...]:
    """Split an object's SQL into its statements; SQL-standard function bodies stay whole."""
    parts: list[str] = []
    start = depth = 0
    try:
        for kind, begin, end in tokens(text, ""):
            word = text[begin:end].upper()
            depth += (word in {"BEGIN", "CASE"}) - (word == "END" and depth > 0)
            if word == ";" and not depth and kind:
                parts.append(text[start:begin])
                start = end
    except InputError:
        return (text,)
    return tuple(part.strip() for part in (*parts, text[start:]) if part.strip())


def is_mark(statement: str) -> bool:
    """Tell whether a statement sets one of the two marks that only the catalogue itself holds."""
    return _MARK.fullmatch(statement) is not None


def run_privileged(connection: Connection, statement: str, owner: str) -> bool:
    """Make what only a superuser can; return whether the statement is of a form that is known.

    Args:
        connection: A superuser's, in autocommit mode.
        statement: One statement of a schema.
        owner: Who is to own what it makes.

    Raises:
        psycopg.Error: Where the engine refuses it.
    """
    for form, run in _FORMS:
        if found := form.fullmatch(statement):
            return run(connection, found, owner)
    return False


def _send(connection: Connection, statement: str) -> None:
    # Prepared, and so a single statement whatever a pattern has let through.
    connection.execute(statement.encode(), prepare=True)


def _as_it_is(connection: Connection, found: re.Match[str], _owner: str) -> bool:
    _send(connection, found[0])
    return True


def _given(connection: Connection, found: re.Match[str], _owner: str) -> bool:
    if connection.execute(_UNOWNABLE, [found[1]]).fetchone():
        return False
    return _as_it_is(connection, found, _owner)


def _in_the_owners_name(connection: Connection, found: re.Match[str], owner: str) -> bool:
    """Run a statement as the owner, a superuser in this one transaction: nobody else sees it so."""
    return _as_superuser(connection, found[0], owner)


def _wrapper(connection: Connection, found: re.Match[str], owner: str) -> bool:
    """Make a foreign data wrapper by its name alone: a validator would be called here."""
    return _as_superuser(connection, f"CREATE FOREIGN DATA WRAPPER {found[1]}", owner)


def _as_superuser(connection: Connection, statement: str, owner: str) -> bool:
    with connection.transaction():
        connection.execute(f"ALTER ROLE {quoted(owner)} SUPERUSER")
        connection.execute(f"SET LOCAL ROLE {quoted(owner)}")
        _send(connection, statement)
        connection.execute("RESET ROLE")
        connection.execute(f"ALTER ROLE {quoted(owner)} NOSUPERUSER")
    return True


def _event_owner(connection: Connection, found: re.Match[str], _owner: str) -> bool:
    if connection.execute(_UNOWNABLE, [found[1]]).fetchone():
        return False
    with connection.transaction():
        connection.execute(f"ALTER ROLE {found[1]} SUPERUSER")
        _send(connection, found[0])
        connection.execute(f"ALTER ROLE {found[1]} NOSUPERUSER")
    return True


_Run = Callable[[Connection, re.Match[str], str], bool]
_FORMS: tuple[tuple[re.Pattern[str], _Run], ...] = (
    (
        re.compile(rf"ALTER (?:EVENT TRIGGER|FOREIGN DATA WRAPPER) {_NAME} OWNER TO ({_NAME})"),
        _event_owner,
    ),
    (_OWNER, _given),
    (_MARK, _as_it_is),
    (_WRAPPER, _wrapper),
    *((form, _in_the_owners_name) for form in _FIXED),
)
