"""The writing session of a backfill: the only one of the tool that changes a user's database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbspecialist.engines.postgresql.backfill.table import raw
from dbspecialist.engines.postgresql.server import OLDEST, clean_url, refusal, source_of
from dbspecialist.facts.backfill import BackfillLimits
from dbspecialist.facts.errors import InputError

APPLICATION = "dbspecialist backfill"
CONNECT_SECONDS = 5

#: What ends a session whose client is gone, so that its locks go too. Not every platform has all
#: of them (PostgreSQL manual, "TCP Settings").
ENDING = {
    "idle_in_transaction_session_timeout": "30s",
    "client_connection_check_interval": "1s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


@dataclass(frozen=True)
class Access:
    """Where a backfill writes, and as whom.

    Args:
        url: A libpq URL.
        role: The role that the session must have.
        superuser: Whether it may be a superuser.
        settings: Session settings that the meaning of values depends on.
        limits: Time-outs.
    """

    url: str
    role: str
    superuser: bool
    settings: Mapping[str, str]
    limits: BackfillLimits

    @property
    def source(self) -> str:
        """The URL without its password."""
        return source_of(self.url)


class AwayError(InputError):
    """The server does not answer, or not yet."""


#: What a server says that may answer later.
_AWAY = re.compile(
    "no server answers|did not answer in time|no connection left|starting up|shutting down"
    "|not yet accepting|recovery"
)


def connect(access: Access) -> psycopg.Connection[Any]:
    """Open the session.

    Raises:
        AwayError: Where no server answers, or not yet.
        InputError: Where it refuses.
    """
    try:
        return psycopg.connect(
            clean_url(access.url),
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name=APPLICATION,
            prepare_threshold=None,  # a plan of its own for each batch's values
        )
    except psycopg.Error as error:
        refused = refusal(str(error), access.url, access.source)
        if _AWAY.search(refused.what):
            raise AwayError(refused.what, refused.where, refused.todo) from None
        raise refused from None


def configure(connection: psycopg.Connection[Any], access: Access) -> str:
    """Set the session's time-outs, and what the meaning of values depends on.

    The search_path is empty from here on, so that our own statements call nothing that another
    user has put there; the role's own is returned, for the triggers of its updates.
    """
    row = connection.execute("SHOW search_path").fetchone()
    assert row is not None
    connection.execute("SET search_path = ''")
    for name, value in ENDING.items():
        try:
            raw(connection).execute("SELECT set_config($1, $2, false)", [name, value])
        except psycopg.errors.InvalidParameterValue:
            continue  # the platform does not have it
    limits = access.limits
    given = {
        **access.settings,
        "lock_timeout": f"{limits.lock_timeout_ms:.0f}ms",
        "statement_timeout": f"{limits.statement_timeout_ms:.0f}ms",
        "row_security": "off",  # rows that a policy hides are refused, not passed over
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
        # A batch reads a range of the primary key's index, also where statistics say otherwise.
        "enable_seqscan": "off",
        "jit": "off",
    }
    for name, value in given.items():
        raw(connection).execute("SELECT set_config($1, $2, false)", [name, value])
    return str(row[0])


_FACTS = """
SELECT current_user::text, rolsuper, pg_backend_pid(), pg_is_in_recovery()
  FROM pg_roles WHERE rolname = current_user
"""


def refuse_unsuitable(connection: psycopg.Connection[Any], access: Access) -> None:
    """Refuse a session that is not what it has to be.

    Raises:
        InputError: Where its role is another one or a superuser, the server is a standby or too
            old, or a pooler stands between.
    """
    version = connection.info.server_version
    if version < OLDEST:
        raise InputError(
            f"the server is PostgreSQL {version // 10_000}, the oldest that is written to is 14",
            access.source,
            "use a server of version 14 to 18",
        )
    row = raw(connection).execute(_FACTS).fetchone()
    assert row is not None
    user, is_superuser, pid, is_standby = row
    if user != access.role:
        raise InputError(
            f"the session's role is {user}, not {access.role}",
            access.source,
            f"connect as {access.role}, or name {user} with --role",
        )
    if is_superuser and not access.superuser:
        raise InputError(
            f"{user} is a superuser, who is held by no privilege and no policy",
            access.source,
            "take a role with SELECT and UPDATE on the table, or say --superuser",
        )
    if is_standby:
        raise InputError("the server is a standby", access.source, "connect to the primary")
    if pid != connection.info.backend_pid:
        raise InputError(
            "a connection pooler stands between, under which a session's lock does not hold",
            access.source,
            "connect to the server itself",
        )


@contextmanager
def empty_search_path(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Qualify all names that the catalogue prints, until the end of the block."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path = ''")
        yield
