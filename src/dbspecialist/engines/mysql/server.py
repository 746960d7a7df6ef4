"""The user's server: its URL, and one read-only session with time-outs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from dbspecialist.engines.mysql.driver import Connection, MySQLError, connect, execute, rows
from dbspecialist.facts.errors import InputError

SCHEMES = ("mysql", "mariadb")
URL_FORM = "write it as mysql://USER@HOST:PORT/DATABASE"
OLDEST = {"mysql": 80_000, "mariadb": 100_500}

#: What the server and the driver say when a connection fails (MySQL manual, "Error Messages").
REFUSALS = {
    1044: ("the user may not use this database", "GRANT SELECT on it"),
    1045: ("the server refuses user name and password", "check both"),
    1049: ("the database does not exist", "check its name in the URL"),
    1040: ("the server has no connection left", "try again when one is free"),
    2003: ("no server answers there", "check host and port, and that the server runs"),
    2005: ("the host is unknown", "check the host's name in the URL"),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and the database that is meant."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    socket: str = ""

    @property
    def source(self) -> str:
        """The URL without its password."""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        if self.socket:
            return f"mysql://{user}/{self.database}?unix_socket={self.socket}"
        return f"mysql://{user}{self.host}:{self.port}/{self.database}"


@dataclass
class Session:
    """An open read-only transaction and the list of what could not be read in it."""

    connection: Connection
    engine: str
    version: int
    database: str
    unseen: list[str] = field(default_factory=list)

    def rows(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        return rows(self.connection, query, parameters)

    def part(self, query: str, otherwise: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Read a part that may be refused: then a sentence is noted and nothing is returned."""
        try:
            return self.rows(query, parameters)
        except MySQLError as error:
            self.unseen.append(f"{otherwise} ({error.args[-1]})")
            return []


def is_url(text: str) -> bool:
    """Tell whether a text is a URL of MySQL or MariaDB, with or without a driver's name."""
    return re.match(r"\s*(mysql|mariadb)(\+\w+)?://", text) is not None


def read_url(url: str) -> Address:
    """Read `mysql://USER:PASSWORD@HOST:PORT/DATABASE?unix_socket=PATH`.

    Raises:
        InputError: Where it cannot be read; the text is not repeated, it may hold a password.
    """
    try:
        found = urlsplit(url.strip())
        port = found.port or 3306
    except ValueError:
        raise InputError("the database URL cannot be read", "", URL_FORM) from None
    if found.scheme.partition("+")[0] not in SCHEMES:
        raise InputError("the URL is not of MySQL or MariaDB", "", URL_FORM)
    database = unquote(found.path.strip("/"))
    if not database:
        raise InputError("the URL names no database", "", URL_FORM)
    given = parse_qs(found.query)
    socket = (given.get("unix_socket") or given.get("socket") or [""])[0]
    return Address(
        host=found.hostname or "localhost",
        port=port,
        user=unquote(found.username or ""),
        password=unquote(found.password or ""),
        database=database,
        socket=socket,
    )


def open_connection(address: Address, *, connect_timeout: int = 5) -> Connection:
    """Connect to a server.

    Raises:
        InputError: Where it cannot be reached or refuses.
    """
    where: dict[str, Any] = (
        {"unix_socket": address.socket}
        if address.socket
        else {"host": address.host, "port": address.port}
    )
    try:
        return connect(
            **where,
            user=address.user or None,
            password=address.password,
            database=address.database,
            connect_timeout=connect_timeout,
        )
    except MySQLError as error:
        number = error.args[0] if error.args else 0
        what, todo = REFUSALS.get(number, (str(error.args[-1]), "check the URL"))
        raise InputError(what, address.source, todo) from error


def engine_of(connection: Connection) -> tuple[str, int]:
    """Return `mysql` or `mariadb`, and the version as a number (101119 is 10.11.19)."""
    text = str(rows(connection, "SELECT version()")[0][0])
    engine = "mariadb" if "mariadb" in text.lower() else "mysql"
    found = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)", text)
    major, minor, patch = (int(part) for part in found.groups()) if found else (0, 0, 0)
    return engine, major * 10_000 + minor * 100 + patch


@contextmanager
def open_session(
    url: str, *, connect_timeout: int, statement_timeout_ms: int, lock_timeout_ms: int
) -> Iterator[Session]:
    """Open one READ ONLY transaction and roll it back in the end.

    Raises:
        InputError: Where the server cannot be reached, refuses, or is too old.
    """
    address = read_url(url)
    connection = open_connection(address, connect_timeout=connect_timeout)
    try:
        engine, version = engine_of(connection)
        if version < OLDEST[engine]:
            raise InputError(
                f"the server is {engine} {version // 10_000}.{version // 100 % 100}",
                address.source,
                "MySQL 8.0 and MariaDB 10.5 are the oldest that are read",
            )
        seconds = max(1, lock_timeout_ms // 1000)
        execute(connection, f"SET SESSION lock_wait_timeout = {seconds}")
        execute(connection, f"SET SESSION innodb_lock_wait_timeout = {seconds}")
        if engine == "mariadb":
            execute(connection, f"SET SESSION max_statement_time = {statement_timeout_ms / 1000}")
        else:
            execute(connection, f"SET SESSION max_execution_time = {statement_timeout_ms}")
        execute(connection, "START TRANSACTION READ ONLY")
        yield Session(connection, engine, version, address.database)
    except MySQLError as error:
        raise InputError(
            f"the server stops a query: {error.args[-1]}", address.source, "try again"
        ) from error
    finally:
        connection.close()
