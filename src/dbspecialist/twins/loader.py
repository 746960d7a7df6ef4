"""The session in which a schema's SQL is run: with its owner's rights, and no way to more.

A snapshot or a .sql file may come from a stranger. A superuser's session that has SET ROLE takes
its rights back with RESET ROLE (manual, "SET ROLE"), so the SQL is run by a role that logs in by
itself and never was a superuser. What a superuser must do for it is in `privileged`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from dbspecialist.twins.mending import quoted
from dbspecialist.twins.privileged import run_privileged, split

Connection = psycopg.Connection[tuple[Any, ...]]

#: For a superuser where a stranger's code lies about: it calls none of theirs by mistake (manual,
#: "Writing SECURITY DEFINER Functions Safely" on search_path) and runs no event trigger.
CAREFUL = "-c search_path=pg_catalog -c event_triggers=off"

#: Logs in and becomes the owner. It has no settings of its own: the owner's (auto_explain) are for
#: observed migrations.
LOADER = "dbs_loader"
#: What an owner needs besides to get objects in `public`; nobody has it once the load has ended.
MAKERS = "dbs_makers"

#: What the engine says where rights are missing (insufficient_privilege), and to an aggregate over
#: internal states that no superuser makes (invalid_function_definition).
DENIED = "42501"
NEEDS_RIGHTS = frozenset({DENIED, "42P13"})
#: What it says to an object and to a schema that are there.
ALREADY_THERE = frozenset({"42710", "42P06"})

_OWNERS = """
SELECT rolname FROM pg_roles
WHERE NOT rolsuper AND rolname !~ '^(pg_|dbs_(loader|makers|visitor))'
"""
_OTHERS = f"{_OWNERS} AND NOT pg_has_role(rolname, '{MAKERS}', 'MEMBER')"


@dataclass(frozen=True)
class Maker:
    """Who makes objects: `session` runs their SQL, `admin` what only a superuser can.

    Args:
        admin: A superuser's connection that is `CAREFUL`, in autocommit mode.
        session: A connection with the owner's rights.
        owner: The owner, or nothing where the session is the superuser's.
        is_script: Whether names are looked up where the session looks them up; a catalogue's are
            qualified.
    """

    admin: Connection
    session: Connection
    owner: str | None
    is_script: bool = False

    def _path(self) -> str:
        row = self.session.execute("SHOW search_path").fetchone()
        assert row is not None
        return str(row[0])

    def make(self, statement: str) -> psycopg.Error | None:
        """Run one statement; return why the engine refuses it."""
        try:
            self.session.execute(statement.encode(), prepare=False)
        except psycopg.Error as refusal:
            return self._privileged(statement, refusal)
        return None

    def make_all(self, statements: str) -> psycopg.Error | None:
        """Run the SQL of an object at once, or one by one where a superuser has to make some.

        What is there already is no error.
        """
        try:
            self.session.execute(statements.encode(), prepare=False)
        except psycopg.Error as error:
            return self.make_each(statements, error)
        return None

    def make_each(self, statements: str, error: psycopg.Error) -> psycopg.Error | None:
        """Run the SQL of an object one by one after its refusal, where that may help."""
        if self.owner is None or error.sqlstate not in NEEDS_RIGHTS | ALREADY_THERE:
            return None if error.sqlstate in ALREADY_THERE else error
        for statement in split(statements):
            found = self.make(statement)
            if found is not None and found.sqlstate not in ALREADY_THERE:
                return found
        return None

    def _privileged(self, statement: str, refusal: psycopg.Error) -> psycopg.Error | None:
        """Have the superuser make what the owner may not; return why it is not there."""
        if refusal.sqlstate not in NEEDS_RIGHTS or self.owner is None:
            return refusal
        try:
            path = self._path() if self.is_script else ""
            return None if run_privileged(self.admin, statement, self.owner, path) else refusal
        except psycopg.Error as error:
            return error

    def mended(self, statements: str) -> bool:
        """Run statements of our own by the superuser in the owner's name; tell whether they ran."""
        if self.owner is None:
            return runs(self.admin, statements)
        role = quoted(self.owner)
        done = runs(
            self.admin,
            f"ALTER ROLE {role} SUPERUSER; SET LOCAL ROLE {role}; {statements}; RESET ROLE;"
            f" ALTER ROLE {role} NOSUPERUSER",
        )
        join_roles(self.admin, self.owner)
        return done


def runs(connection: Connection, statements: str) -> bool:
    """Run statements; a refusal leaves the object that needed them with its own reason."""
    try:
        connection.execute(statements.encode(), prepare=False)
    except psycopg.Error:
        return False
    return True


def join_roles(connection: Connection, owner: str) -> None:
    """Make the owner a member of every role that is no superuser and not the engine's own.

    It may change them too, as production's migrations may that make their roles.
    """
    join_makers(connection)
    rows = connection.execute(
        f"{_OWNERS} AND NOT pg_has_role(rolname, %s, 'MEMBER')"
        " AND NOT (pg_has_role(%s, rolname, 'USAGE') AND pg_has_role(%s, rolname, 'SET')"
        " AND pg_has_role(%s, rolname, 'MEMBER WITH ADMIN OPTION'))",
        [owner, owner, owner, owner],
    ).fetchall()
    if rows:
        names = ", ".join(quoted(name) for (name,) in rows)
        options = "ADMIN TRUE, INHERIT TRUE, SET TRUE"
        connection.execute(f"GRANT {names} TO {quoted(owner)} WITH {options}".encode())


@contextlib.contextmanager
def as_owner(
    connection: Connection, owner: str | None, path: str = "pg_catalog"
) -> Iterator[Connection]:
    """Open a session with the rights of an owner; without one it is the given session.

    RESET ROLE leads back to the owner there, and event triggers do not fire.

    Args:
        connection: A superuser's.
        owner: A role that is no superuser.
        path: The session's `search_path`; "" for the server's own.
    """
    if owner is None:
        yield connection
        return
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [LOADER]).fetchone():
        # The script of a trusted extension is run by the superuser, and event triggers in it too.
        connection.execute(
            f"CREATE ROLE {LOADER} LOGIN NOINHERIT; ALTER ROLE {LOADER} SET event_triggers = off"
        )
    connection.execute(f"GRANT {quoted(owner)} TO {LOADER}")
    place = connection.info.get_parameters()
    given = make_conninfo(host=place["host"], port=place.get("port"), dbname=place["dbname"])
    options = f"-c role={_escaped(owner)}" + (f" -c search_path={path}" if path else "")
    with psycopg.connect(given, user=LOADER, autocommit=True, options=options) as session:
        yield session


def _escaped(name: str) -> str:
    """Write a name for libpq's `options` (manual, libpq, "Parameter Key Words")."""
    return name.replace("\\", "\\\\").replace(" ", "\\ ")


@contextlib.contextmanager
def makers(connection: Connection) -> Iterator[None]:
    """Let the owners that `join_makers` names take objects in `public` until the block ends."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [MAKERS]).fetchone():
        connection.execute(f"CREATE ROLE {MAKERS} NOLOGIN")
    if connection.execute("SELECT to_regnamespace('public')").fetchone() != (None,):
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {MAKERS}")
    try:
        yield
    finally:
        connection.execute(f"DROP OWNED BY {MAKERS}")


def join_makers(connection: Connection) -> None:
    """Let all roles that are no superusers own objects in `public` for now."""
    names = [quoted(name) for (name,) in connection.execute(_OTHERS)]
    if names:
        connection.execute(f"GRANT {MAKERS} TO {', '.join(names)}")
