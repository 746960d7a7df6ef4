"""The session in which a schema's SQL is run: with its owner's rights, and no way to more.

A snapshot may come from a stranger. A superuser's session that has SET ROLE takes its rights back
with RESET ROLE (manual, "SET ROLE"), so the SQL is run by a role that logs in by itself and never
was a superuser. What a superuser must do for it is in `privileged`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from dbspecialist.twins.mending import quoted

Connection = psycopg.Connection[tuple[Any, ...]]

#: For a superuser where a stranger's code lies about: it calls none of theirs by mistake (manual,
#: "Writing SECURITY DEFINER Functions Safely" on search_path) and runs no event trigger.
CAREFUL = "-c search_path=pg_catalog -c event_triggers=off"

#: Logs in and becomes the owner. It has no settings of its own: the owner's (auto_explain) are for
#: observed migrations.
LOADER = "dbs_loader"
#: What an owner needs besides to get objects in `public`; nobody has it once the load has ended.
MAKERS = "dbs_makers"

_OTHERS = f"""
SELECT rolname FROM pg_roles
WHERE NOT rolsuper AND rolname !~ '^(pg_|dbs_)' AND NOT pg_has_role(rolname, '{MAKERS}', 'MEMBER')
"""


@contextlib.contextmanager
def as_owner(connection: Connection, owner: str | None) -> Iterator[Connection]:
    """Open a session with the rights of an owner; without one it is the given session.

    Args:
        connection: A superuser's.
        owner: A role that is no superuser.
    """
    if owner is None:
        yield connection
        return
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    if LOADER not in known:
        connection.execute(f"CREATE ROLE {LOADER} LOGIN NOINHERIT")
    connection.execute(f"GRANT {quoted(owner)} TO {LOADER}")
    place = connection.info.get_parameters()
    given = make_conninfo(host=place["host"], port=place.get("port"), dbname=place["dbname"])
    with psycopg.connect(given, user=LOADER, autocommit=True) as session:
        session.execute(f"SET ROLE {quoted(owner)}; SET search_path = pg_catalog")
        yield session


@contextlib.contextmanager
def makers(connection: Connection) -> Iterator[None]:
    """Let the owners that `join_makers` names take objects in `public` until the block ends."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [MAKERS]).fetchone():
        connection.execute(f"CREATE ROLE {MAKERS} NOLOGIN")
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
