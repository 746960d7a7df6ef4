"""The user's server: one read-only session, and its refusals as clear lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import namedtuple_row

from dbspecialist.facts.errors import InputError

OLDEST = 140_000

APPLICATION = "dbspecialist snapshot"

URL_FORM = "write it as postgresql://USER@HOST:PORT/DATABASE"

#: What libpq and the server say when a connection fails, with what it means and what to do.
REFUSALS: tuple[tuple[str, str, str], ...] = (
    (
        "translate host name|failed to resolve host|Name or service not known",
        "the host is unknown",
        "check the host's name in the URL",
    ),
    (
        "Connection refused|No such file or directory|No route to host|is unreachable",
        "no server answers there",
        "check host and port, and that the server runs",
    ),
    (
        "timeout expired|timed out",
        "the server did not answer in time",
        "check host, port and firewall",
    ),
    (
        "password authentication failed",
        "the server refuses user name and password",
        "check both; the password may also stand in PGPASSWORD or ~/.pgpass",
    ),
    (
        "no password supplied",
        "the server asks for a password",
        "set PGPASSWORD or add a line to ~/.pgpass",
    ),
    (
        "authentication failed|no pg_hba.conf entry|SSL",
        "the server refuses this kind of connection",
        "check pg_hba.conf on the server and sslmode in the URL",
    ),
    (
        "too many c|connection slots",
        "the server has no connection left",
        "try again when one is free",
    ),
    ('database ".*" does not exist', "the database does not exist", "check its name in the URL"),
    ('role ".*" does not exist', "the user does not exist", "check its name in the URL"),
    ("permission denied for database", "the user may not connect to this database", "GRANT it"),
)


@dataclass
class Session:
    """An open read-only transaction and the list of what could not be read in it."""

    connection: psycopg.Connection[Any]
    unseen: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        """The server's version as it numbers itself."""
        return self.connection.info.server_version

    def rows(self, query: str, parameters: list[Any] | None = None) -> list[Any]:
        """Run a query and return its rows, with the columns as attributes."""
        cursor = self.connection.cursor(row_factory=namedtuple_row)
        return cast("list[Any]", cursor.execute(query.encode(), parameters).fetchall())

    @contextmanager
    def part(self, otherwise: Mapping[str, str]) -> Iterator[None]:
        """Read a part that may be refused: then a sentence is noted and the session goes on.

        Args:
            otherwise: The sentence by SQLSTATE; "" is for missing privileges.
        """
        try:
            with self.connection.transaction():
                yield
        except psycopg.errors.InsufficientPrivilege:
            self.unseen.append(otherwise[""])
        except psycopg.Error as error:
            if error.sqlstate not in otherwise:
                raise
            self.unseen.append(otherwise[str(error.sqlstate)])

    def role(self) -> str:
        """The role's name, quoted as GRANT needs it."""
        return str(self.rows("select quote_ident(current_user) as name")[0].name)


def clean_url(url: str) -> str:
    """Take the driver's name out of an SQLAlchemy URL (`postgresql+psycopg://`)."""
    return re.sub(r"^postgres(ql)?\+\w+://", "postgresql://", url.strip())


def source_of(url: str) -> str:
    """Write a URL without its password and other parameters.

    Raises:
        InputError: When libpq cannot read it; the text is not repeated, it may hold a password.
    """
    try:
        found = conninfo_to_dict(clean_url(url))
    except psycopg.Error:
        # The chain is cut: libpq's message repeats parts of the URL.
        raise InputError("the database URL cannot be read", "", URL_FORM) from None
    if "://" in url and not clean_url(url).startswith(("postgresql://", "postgres://")):
        raise InputError("the URL is not of a PostgreSQL database", "", URL_FORM)
    user = f"{quote(str(found['user']), safe='')}@" if found.get("user") else ""
    host, port, database = (str(found.get(name) or "") for name in ("host", "port", "dbname"))
    if not re.fullmatch(r"[0-9,]*", port):
        raise InputError("the port in the database URL is not a number", "", URL_FORM)
    if host.startswith("/"):
        socket = f"?host={host}&port={port}" if port else f"?host={host}"
        return f"postgresql://{user}/{database}{socket}"
    return f"postgresql://{user}{host}{f':{port}' if port else ''}/{database}"


@contextmanager
def open_session(
    url: str,
    *,
    connect_timeout: int,
    statement_timeout_ms: int,
    lock_timeout_ms: int,
    isolation: Literal["REPEATABLE READ", "READ COMMITTED"] = "REPEATABLE READ",
    application: str = APPLICATION,
) -> Iterator[Session]:
    """Open one READ ONLY transaction and roll it back in the end.

    Everything is set with SET LOCAL: behind a pooler nothing stays on the server's connection.

    Raises:
        InputError: When the server cannot be reached, refuses, is older than 14, or stops a query.
    """
    source = source_of(url)
    try:
        connection = psycopg.connect(
            clean_url(url),
            autocommit=True,
            connect_timeout=connect_timeout,
            application_name=application,
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        raise refusal(str(error), url, source) from None
    with connection:
        version = connection.info.server_version
        if version < OLDEST:
            raise InputError(
                f"the server is PostgreSQL {version // 10_000}, the oldest that is read is 14",
                source,
                "use a server of version 14 to 18",
            )
        try:
            connection.execute(f"BEGIN ISOLATION LEVEL {isolation}, READ ONLY".encode())
            connection.execute(
                "select set_config('statement_timeout', %s, true),"
                " set_config('lock_timeout', %s, true),"
                " set_config('default_transaction_read_only', 'on', true)",
                [str(statement_timeout_ms), str(lock_timeout_ms)],
            )
            yield Session(connection)
            connection.execute("ROLLBACK")
        except psycopg.Error as error:
            raise stopped(error, source, statement_timeout_ms, lock_timeout_ms) from error


def refusal(text: str, url: str, source: str) -> InputError:
    """Say why no connection came about; unknown reasons in the server's words, no password."""
    for pattern, what, todo in REFUSALS:
        if re.search(pattern, text):
            return InputError(what, source, todo)
    words = text.strip().splitlines()[-1].strip()
    password = conninfo_to_dict(clean_url(url)).get("password")
    if password:
        words = words.replace(str(password), "…")
    return InputError(f"the server refuses: {words}", source, "check the URL")


def stopped(
    error: psycopg.Error, source: str, statement_timeout_ms: int, lock_timeout_ms: int
) -> InputError:
    """Say why reading stopped in the middle."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return InputError(
            f"another session held a lock on a table for more than {lock_timeout_ms} ms",
            source,
            "run it again when its DDL has ended",
        )
    if isinstance(error, psycopg.errors.QueryCanceled):
        return InputError(
            f"a catalogue query was stopped ({statement_timeout_ms} ms are allowed)",
            source,
            "run it again when the server has less to do",
        )
    words = error.diag.message_primary or str(error).strip().splitlines()[0]
    return InputError(f"the server stopped the reading: {words}", source, "run it again")
