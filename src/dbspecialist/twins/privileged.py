"""What of a schema only a superuser can make, in statements of our own.

The schema's text is matched against forms that hold names and fixed words alone, no expression that
would be evaluated, and one statement is sent at a time (the extended protocol takes no more). Left
out, with the engine's reason, are functions in C and internal ones, base types, casts without a
function and aggregates over internal states, unless they are those of an aggregate of the engine's
own under another name: with them a file could read the server's memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
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
    rf"ALTER (?:{_OWNED}) (?:IF EXISTS )?(?:ONLY )?{_PATH}(?:{_ARGUMENTS})?(?: USING {_NAME})?"
    rf" OWNER TO ({_NAME})",
    re.IGNORECASE,
)
#: Statements that are sent as they are, by a superuser with the owner's name.
_FIXED = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"CREATE EXTENSION(?: IF NOT EXISTS)? {_NAME}(?: WITH)?(?: SCHEMA {_NAME})?"
        rf"(?: VERSION (?:{_NAME}|'[\w.-]+'))?",
        rf"ALTER EXTENSION {_NAME} (?:SET SCHEMA {_NAME}|UPDATE(?: TO '[\w.-]+')?)",
        rf"CREATE EVENT TRIGGER {_NAME} ON [a-z_]+(?: WHEN TAG IN \((?:'[A-Z ]+'(?:, )?)+\))?"
        rf" EXECUTE (?:FUNCTION|PROCEDURE) {_PATH}\(\)",
        rf"ALTER EVENT TRIGGER {_NAME} (?:DISABLE|ENABLE(?: REPLICA| ALWAYS)?)",
        rf"CREATE OPERATOR FAMILY {_PATH} USING {_NAME}",
        rf"CREATE OPERATOR CLASS {_PATH} (?:DEFAULT )?FOR TYPE [^;'$]+",
        rf"CREATE PUBLICATION {_NAME} FOR [^;'$()]+(?: WITH \([^;$()]*\))?",
        rf"ALTER DEFAULT PRIVILEGES FOR ROLE {_NAME}(?: IN SCHEMA {_NAME})? (?:GRANT|REVOKE)"
        r" [^;'$()]+",
        rf"COMMENT ON (?:EXTENSION|EVENT TRIGGER|(?:PROCEDURAL )?LANGUAGE|ROLE) {_NAME}"
        r" IS (?:NULL|'(?:[^']|'')*')",
    )
)
#: No value is given in it, which would be read as the superuser.
_AGGREGATE = re.compile(
    rf"CREATE AGGREGATE ({_PATH})({_ARGUMENTS}) \([^;'$()]*(?:OPERATOR\([^;'$()]*\)[^;'$()]*)?\)",
    re.IGNORECASE,
)
_WRAPPER = re.compile(rf"CREATE FOREIGN DATA WRAPPER ({_NAME})(?: .*)?", re.DOTALL | re.IGNORECASE)
_MARK = re.compile(
    r"UPDATE pg_catalog\.(?:pg_class SET relispopulated = true WHERE oid"
    r"|pg_index SET indisvalid = false WHERE indexrelid) = '(?:[^'\\]|'')+'::pg_catalog\.regclass"
)
#: An aggregate that was made just now over the states of another: as safe as that one, of which the
#: engine itself holds that its functions know each other's states.
_SAME_STATES = """
SELECT 1 FROM pg_aggregate made, pg_aggregate own
 WHERE made.aggfnoid::oid > %s AND own.aggfnoid::oid < 16384
   AND (made.aggtransfn, made.aggkind, made.aggnumdirectargs, made.aggtranstype)
     = (own.aggtransfn, own.aggkind, own.aggnumdirectargs, own.aggtranstype)
   AND made.aggfinalmodify IN (own.aggfinalmodify, 'w')
   AND made.aggmfinalmodify IN (own.aggmfinalmodify, 'w')
   AND made.aggfinalfn = own.aggfinalfn AND made.aggfinalextra = own.aggfinalextra
   AND made.aggcombinefn IN (0, own.aggcombinefn)
   AND (made.aggserialfn, made.aggdeserialfn) IN ((0, 0), (own.aggserialfn, own.aggdeserialfn))
   AND (made.aggmtranstype = 0
        OR (made.aggmtransfn, made.aggminvtransfn, made.aggmfinalfn, made.aggmfinalextra,
            made.aggmtranstype)
         = (own.aggmtransfn, own.aggminvtransfn, own.aggmfinalfn, own.aggmfinalextra,
            own.aggmtranstype))
"""
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


_BLANK = frozenset({"space", "line_comment", "block_comment"})
_TO_SUPERUSER = re.compile(
    r'^(ALTER .+ OWNER TO |CREATE SCHEMA .*AUTHORIZATION )(?:postgres|"postgres")(;?)$',
    re.IGNORECASE | re.MULTILINE,
)


def given_to(text: str, owner: str) -> str:
    """Give what the superuser's namesake owns in production to another owner."""
    return _TO_SUPERUSER.sub(rf"\g<1>{quoted(owner)}\2", text)


def is_mark(statement: str) -> bool:
    """Tell whether a statement sets one of the two marks that only the catalogue itself holds."""
    return _MARK.fullmatch(statement) is not None


@dataclass(frozen=True)
class _Admin:
    """A superuser's connection, who is to own what it makes, and where names are looked up."""

    connection: Connection
    owner: str
    path: str

    def send(self, statement: str) -> bool:
        """Run one statement of a schema; by its path nothing of ours is looked up."""
        with self.connection.transaction():
            if self.path:
                self.connection.execute("SELECT set_config('search_path', %s, true)", [self.path])
            # Prepared, and so a single statement whatever a pattern has let through.
            self.connection.execute(statement.encode(), prepare=True)
            if self.path:
                self.connection.execute("SET LOCAL search_path = pg_catalog")
        return True

    def send_as_owner(self, statement: str) -> bool:
        """Run it as the owner, a superuser in this one transaction: nobody else sees it so."""
        with self.connection.transaction():
            self.connection.execute(f"ALTER ROLE {quoted(self.owner)} SUPERUSER")
            self.connection.execute(f"SET LOCAL ROLE {quoted(self.owner)}")
            self.send(statement)
            self.connection.execute("RESET ROLE")
            self.connection.execute(f"ALTER ROLE {quoted(self.owner)} NOSUPERUSER")
        return True

    def may_own(self, name: str) -> bool:
        """Tell whether a role has no more rights than the owner."""
        return self.connection.execute(_UNOWNABLE, [name]).fetchone() is None


def run_privileged(connection: Connection, statement: str, owner: str, path: str = "") -> bool:
    """Make what only a superuser can; return whether the statement is of a form that is known.

    Args:
        connection: A superuser's, in autocommit mode.
        statement: One statement of a schema.
        owner: Who is to own what it makes.
        path: The `search_path` that its names are looked up in; "" for the connection's.

    Raises:
        psycopg.Error: Where the engine refuses it.
    """
    admin = _Admin(connection, owner, path)
    for form, run in _FORMS:
        if found := form.fullmatch(statement):
            return run(admin, found)
    return False


def is_known(statement: str) -> bool:
    """Tell whether a statement has a form that `run_privileged` knows."""
    return any(form.fullmatch(statement) for form, _ in _FORMS)


def normalised(statement: str) -> str:
    """Write a statement with one space for any run of space and comments, as the forms have it."""
    parts: list[str] = []
    for kind, start, end in tokens(statement, ""):
        if kind not in _BLANK:
            parts.append(statement[start:end])
        elif parts and parts[-1] != " ":
            parts.append(" ")
    return "".join(parts).rstrip()


def _as_it_is(admin: _Admin, found: re.Match[str]) -> bool:
    return admin.send(found[0])


def _given(admin: _Admin, found: re.Match[str]) -> bool:
    return admin.may_own(found[1]) and admin.send(found[0])


def _in_the_owners_name(admin: _Admin, found: re.Match[str]) -> bool:
    return admin.send_as_owner(found[0])


def _wrapper(admin: _Admin, found: re.Match[str]) -> bool:
    """Make a foreign data wrapper by its name alone: a validator would be called here."""
    return admin.send_as_owner(f"CREATE FOREIGN DATA WRAPPER {found[1]}")


def _aggregate(admin: _Admin, found: re.Match[str]) -> bool:
    """Make an aggregate over internal states where the engine has one that is the same."""
    is_same = False
    newest = admin.connection.execute("SELECT max(aggfnoid::oid) FROM pg_aggregate").fetchone()
    with admin.connection.transaction():
        admin.send_as_owner(found[0])
        is_same = admin.connection.execute(_SAME_STATES, newest).fetchone() is not None
        if not is_same:
            raise psycopg.Rollback
    return is_same


def _event_owner(admin: _Admin, found: re.Match[str]) -> bool:
    if not admin.may_own(found[1]):
        return False
    with admin.connection.transaction():
        admin.connection.execute(f"ALTER ROLE {found[1]} SUPERUSER")
        admin.send(found[0])
        admin.connection.execute(f"ALTER ROLE {found[1]} NOSUPERUSER")
    return True


_Run = Callable[[_Admin, re.Match[str]], bool]
_FORMS: tuple[tuple[re.Pattern[str], _Run], ...] = (
    (
        re.compile(
            rf"ALTER (?:EVENT TRIGGER|FOREIGN DATA WRAPPER) {_NAME} OWNER TO ({_NAME})",
            re.IGNORECASE,
        ),
        _event_owner,
    ),
    (_OWNER, _given),
    (_MARK, _as_it_is),
    (_WRAPPER, _wrapper),
    (_AGGREGATE, _aggregate),
    *((form, _in_the_owners_name) for form in _FIXED),
)
