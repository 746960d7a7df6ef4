"""A scratch server given by a URL, in place of one that is started here.

It must be empty: what it holds may be somebody's, and a twin makes databases and changes settings.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dbspecialist.engines.mysql.driver import Connection, MySQLError, connect, execute, rows
from dbspecialist.engines.mysql.names import quoted
from dbspecialist.engines.mysql.server import Address, engine_of, read_url
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.mysql.load import OWNER, SETTINGS

_SYSTEM = "('mysql', 'information_schema', 'performance_schema', 'sys')"
_TABLES = f"""
SELECT table_schema, count(*) FROM information_schema.tables
WHERE table_schema NOT IN {_SYSTEM} GROUP BY 1 ORDER BY 1
"""
_DATABASES = f"""
SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN {_SYSTEM}
"""
_LOCK = "dbs_scratch"
#: A URL needs no database: the twin's is production's.
_BARE = re.compile(r"\A(\s*\w+(?:\+\w+)?://[^/?]*)/?(?=\?|\s*\Z)")


@dataclass(frozen=True)
class ScratchServer:
    """A server that somebody else runs, which is left as it was found.

    Args:
        address: Where it is, and the account that may do everything there.
        engine: `mariadb` or `mysql`.
        version: As it tells it.
        password: Of the account that runs migrations, made up for this run.
    """

    address: Address
    engine: str
    version: str
    password: str

    #: Nobody here knows its process, so that rates are measured by the clock.
    process = None
    #: Its program, which is not confined by us.
    program = None
    account = f"'{OWNER}'@'%'"

    def connect(self, database: str | None = None, user: str = "", **more: Any) -> Connection:
        """Open a connection in autocommit mode, as who may do everything or as a user."""
        return connect(**self.client(database, user), **more)

    def client(self, database: str | None, user: str = "") -> dict[str, Any]:
        """Return what a client library needs to connect."""
        found: dict[str, Any] = {"user": user or self.address.user, "database": database}
        found["password"] = self.password if user else self.address.password
        if self.address.socket:
            return {**found, "unix_socket": self.address.socket}
        return {**found, "host": self.address.host, "port": self.address.port}

    def url(self, database: str, user: str = "root") -> str:
        """Return a URL of one of its databases, as the account that owns that."""
        where = f"{self.address.host}:{self.address.port}/{quote(database)}"
        if self.address.socket:
            where = f"localhost/{quote(database)}?unix_socket={self.address.socket}"
        return f"mysql://{user}:{self.password}@{where}"


@contextlib.contextmanager
def open_scratch(url: str) -> Iterator[ScratchServer]:
    """Take a scratch server for one run, and leave it as it was.

    Raises:
        InputError: Where it cannot be reached, holds tables, or another run has it.
    """
    address = read_url(_BARE.sub(r"\1/mysql", url))
    try:
        keeper = connect(**_named(address), connect_timeout=5)
    except MySQLError as error:
        raise InputError(str(error.args[-1]), address.source, "check DBS_MYSQLD") from error
    with contextlib.closing(keeper):
        _refuse_what_is_used(keeper, address)
        engine, number = engine_of(keeper)
        version = f"{number // 10_000}.{number // 100 % 100}.{number % 100}"
        before = {str(row[0]) for row in rows(keeper, _DATABASES)}
        settings = _settings(keeper)
        password = secrets.token_urlsafe(18)
        execute(keeper, f"DROP USER IF EXISTS '{OWNER}'@'%'")
        execute(keeper, f"CREATE USER '{OWNER}'@'%' IDENTIFIED BY '{password}'")
        try:
            yield ScratchServer(address, engine, version, password)
        finally:
            _leave(keeper, before, settings)


def _named(address: Address) -> dict[str, Any]:
    known = {"user": address.user or "root", "password": address.password}
    if address.socket:
        return {**known, "unix_socket": address.socket}
    return {**known, "host": address.host, "port": address.port}


def _refuse_what_is_used(keeper: Connection, address: Address) -> None:
    """Refuse a server that has tables of anybody, or that another run has taken.

    Raises:
        InputError: Where it is so.
    """
    if rows(keeper, f"SELECT get_lock('{_LOCK}', 0)")[0][0] != 1:
        raise InputError("another run has this scratch server", address.source, "wait for its end")
    found = rows(keeper, _TABLES)
    if found:
        told = ", ".join(f"{name} ({number} tables)" for name, number in found[:3])
        raise InputError(
            f"the server holds databases: {told}",
            address.source,
            "name a scratch server that holds none; a twin makes and drops databases there",
        )


def _settings(keeper: Connection) -> dict[str, str]:
    names = ", ".join(f"'{name}'" for name in SETTINGS)
    found = rows(keeper, f"SHOW GLOBAL VARIABLES WHERE variable_name IN ({names})")
    return {str(name): str(value) for name, value in found}


def _leave(keeper: Connection, before: set[str], settings: dict[str, str]) -> None:
    """Drop what the run has made, and give settings their values back."""
    filled = {str(row[0]) for row in rows(keeper, _TABLES)}
    for (name,) in rows(keeper, _DATABASES):
        if name not in before or name in filled:
            execute(keeper, f"DROP DATABASE {quoted(name)}")
        if name in before and name in filled:  # it was there, empty
            execute(keeper, f"CREATE DATABASE {quoted(name)}")
    execute(keeper, f"DROP USER IF EXISTS '{OWNER}'@'%'")
    for name, value in settings.items():
        text = value if re.fullmatch(r"\d+(\.\d+)?", value) else f"'{value}'"
        execute(keeper, f"SET GLOBAL {name} = {text}")
