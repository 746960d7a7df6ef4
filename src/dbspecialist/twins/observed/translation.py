"""What is sent in place of a statement that names what every database of a twin's server shares.

A run tries its migrations in several databases of one server at once, none of which can have
production's name, and a role that one of them makes would be there for the others. What the server
is built without (`build_limits`) is stood in for here too.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.tokens import tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.names import NAME, bare
from dbspecialist.twins.mending import quoted
from dbspecialist.twins.observed.build_limits import within_limits

Ask = Callable[[str], bytes | None]
Connection = psycopg.Connection[tuple[Any, ...]]

_START = r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*"
_OF_ROLE = re.compile(
    rf"({_START}(CREATE|DROP)\s+(?:ROLE|USER|GROUP)\s+(?:IF\s+EXISTS\s+)?)({NAME})(.*)",
    re.IGNORECASE | re.DOTALL,
)
_ROLE_SET = re.compile(
    rf"({_START}ALTER\s+(?:ROLE|USER)\s+{NAME})(\s+(?:SET|RESET)\s.*)", re.IGNORECASE | re.DOTALL
)
_CREATE_ROLE = re.compile(rf"(\bCREATE\s+(?:ROLE|USER|GROUP)\s+)({NAME})", re.IGNORECASE)
#: How a block sees to it that a role which is there is not made again.
_LOOKS = re.compile(
    r"\bpg_(?:roles|authid|user|group)\b|duplicate_object|\bOTHERS\b", re.IGNORECASE
)
_BLOCK = re.compile(rf"{_START}DO\b", re.IGNORECASE)

#: What a role is known by that a run made: a role of production may have any other comment.
_MADE = "made by a migration on the twin"
_STATE = """
SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = %s
"""
#: Asked in the session itself, whose REVOKE may not be committed yet.
_NEEDED = """
SELECT 1 FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
  JOIN pg_catalog.pg_database b ON b.oid = d.dbid AND b.datname = pg_catalog.current_database()
 WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND r.rolname = {} LIMIT 1
"""

_numbers = itertools.count()
_making = threading.Lock()


@dataclass
class Translation:
    """Translates what is sent to one database of a server.

    Args:
        admin: Opens a superuser's connection to it.
        database: Its name.
        production: The name that migrations know it by, or "".
        owner: The role that runs migrations.
        made: Stand-ins, by the names of roles that were made in it.
    """

    admin: Callable[[], Connection]
    database: str
    production: str
    owner: str
    made: dict[str, str] = field(default_factory=dict)

    def translated(self, sql: str, ask: Ask) -> tuple[str, str]:
        """Return what is sent for a statement, and what of it is tried otherwise, or "".

        Args:
            sql: The statement.
            ask: Runs a query of ours in the session that it is for, and returns its first value.
        """
        if self.production and self.production in sql:
            sql = _named(sql, self.production, quoted(self.database))
        found = _OF_ROLE.fullmatch(sql)
        if found:
            return found[1] + self._role(found[2].upper(), _folded(found[3]), ask) + found[4], ""
        if _BLOCK.match(sql) and not _LOOKS.search(sql):
            sql = _CREATE_ROLE.sub(
                lambda made: made[1] + self._role("CREATE", _folded(made[2]), ask), sql
            )
        setting = _ROLE_SET.fullmatch(sql)
        if setting:  # a row of its own, or databases would wait for each other
            return f"{setting[1]} IN DATABASE {quoted(self.database)}{setting[2]}", ""
        return within_limits(sql, self.admin)

    def _role(self, verb: str, name: str, ask: Ask) -> str:
        """Return the role that is made or dropped for one of that name.

        The role of that name itself is there for all databases, and what is made and dropped in
        this one's transactions is a stand-in with the same options.
        """
        if verb == "CREATE":
            with self.admin() as admin:
                return quoted(self._created(admin, name))
        if name not in self.made or ask(_NEEDED.format(_literal(name))):
            return quoted(name)
        return quoted(self.made.pop(name))

    def _created(self, admin: Connection, name: str) -> str:
        with _making:
            state = admin.execute(_STATE, (name,)).fetchone()
            if state is None and not name.startswith("pg_"):
                role, owner = quoted(name), quoted(self.owner)
                admin.execute(
                    f"CREATE ROLE {role}; COMMENT ON ROLE {role} IS '{_MADE}';"
                    f" GRANT {role} TO {owner} WITH ADMIN TRUE, INHERIT TRUE, SET TRUE".encode()
                )
            elif state != (_MADE,):
                return name  # production has it, or the engine
        stand_in = self.made.get(name, "")
        if stand_in and admin.execute(_STATE, (stand_in,)).fetchone():
            return name  # this database has it, and the engine says so
        self.made[name] = f"dbs_made_{next(_numbers)}"
        return self.made[name]


def _literal(text: str) -> str:
    """Write a text as an escape string, which no setting reads otherwise."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _folded(name: str) -> str:
    """Return a name as the engine looks it up."""
    return bare(name) if name.startswith('"') else name.lower()


def _named(sql: str, production: str, database: str) -> str:
    """Write another name for production's database, wherever the word DATABASE is before it."""
    if _BLOCK.match(sql):
        name = rf'{re.escape(production)}\b|"{re.escape(production)}"'
        return re.sub(
            rf"(\bDATABASE\s+)(?:{name})", lambda found: found[1] + database, sql, flags=re.I
        )
    parts: list[str] = []
    listing = False
    try:
        for kind, start, end in tokens(sql, ""):
            text = sql[start:end]
            if listing and kind in {"word", "name"} and _folded(text) == production:
                text = database
            elif kind in {"word", "name", "quoted", "open", "semicolon"}:
                listing = text.upper() == "DATABASE"
            elif kind == "other" and text != ",":
                listing = False
            parts.append(text)
    except InputError:
        return sql
    return "".join(parts)
