"""Sends every PostgreSQL connection of this process to one server, whatever the program asks for.

A part of driver.py: runs in the project's interpreter (Python 3.8 and later) and imports nothing
but the standard library and what the project has.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

#: Where to, as libpq names it: host (a socket's folder), port, user, dbname.
TARGET: dict[str, Any] = {}

#: What says where a connection goes and how it is secured; anything else is kept, since
#: `options`, `connect_timeout` or `prepare_threshold` decide how statements run.
PLACE = frozenset(
    {"dsn", "conninfo", "service", "servicefile", "host", "hostaddr", "port", "unix_sock"}
    | {"user", "password", "passfile", "database", "dbname", "direct_tls", "ssl", "ssl_context"}
    | {"sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslcompression"}
    | {"sslnegotiation", "gssencmode", "krbsrvname", "gsslib", "channel_binding", "require_auth"}
    | {"target_session_attrs", "load_balance_hosts"}
)

#: Modules with a `connect`, and the class whose `connect` is used instead where there is one.
FUNCTIONS = [
    "psycopg",
    "psycopg2",
    "asyncpg",
    "asyncpg.connection",
    "pg8000",
    "pg8000.dbapi",
    "pg8000.legacy",
]
CLASSES = [("psycopg", "Connection"), ("psycopg", "AsyncConnection")]

#: A missing driver's place is taken by psycopg, in SQLAlchemy's registry of dialects.
STAND_INS = {
    "psycopg2": (["postgresql", "postgresql.psycopg2"], "PGDialect_psycopg"),
    "pg8000": (["postgresql.pg8000"], "PGDialect_psycopg"),
    "asyncpg": (["postgresql.asyncpg"], "PGDialectAsync_psycopg"),
}


class WrongDatabaseError(Exception):
    """The program connects to something else than PostgreSQL."""


def arguments(driver: str, given: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments that lead to the target and keep what else was given."""
    kept = {key: value for key, value in given.items() if key not in PLACE}
    place = dict(TARGET)
    name = place.pop("dbname")
    if driver == "asyncpg":
        return dict(kept, database=name, ssl=False, **place)
    if driver == "pg8000":
        socket = f"{place['host']}/.s.PGSQL.{place['port']}"
        return dict(kept, database=name, user=place["user"], unix_sock=socket)
    if driver == "psycopg" and "server_settings" in kept:  # it stands in for asyncpg
        settings = kept["server_settings"]
        options = " ".join(f"-c {key}={settings[key]}" for key in settings)
        kept = {"options": options.replace("\\", "\\\\")}
    return dict(kept, dbname=name, **place)


def redirect(dialect: Any, _record: Any, positional: list[Any], named: dict[str, Any]) -> None:
    """Handle SQLAlchemy's `do_connect` event."""
    if dialect.name != "postgresql":
        raise WrongDatabaseError(f"env.py connects to {dialect.name}, not to PostgreSQL")
    given = arguments(dialect.driver.replace("_async", ""), dict(named))
    del positional[:]
    named.clear()
    named.update(given)


def guard() -> None:
    """Redirect SQLAlchemy's connections, and those made past it (`creator`, plain drivers)."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    event.listen(Engine, "do_connect", redirect)
    for name, kind in CLASSES:
        if importlib.util.find_spec(name) is not None:
            owner = getattr(importlib.import_module(name), kind)
            owner.connect = classmethod(_guarded(owner.connect.__func__, name, 1))
    for name in FUNCTIONS:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if hasattr(module, "connect"):
            module.connect = _guarded(module.connect, name.partition(".")[0])  # type: ignore[attr-defined]


def _guarded(original: Callable[..., Any], driver: str, own: int = 0) -> Callable[..., Any]:
    """The same function with its place replaced; `own` counts the class before the arguments."""

    @functools.wraps(original)
    def connect(*positional: Any, **named: Any) -> Any:
        return original(*positional[:own], **arguments(driver, named))

    return connect


def stand_in() -> list[str]:
    """Let psycopg take the place of drivers that are not installed; return their names."""
    if importlib.util.find_spec("psycopg") is None:
        return []
    if importlib.util.find_spec("sqlalchemy.dialects.postgresql.psycopg") is None:
        return []  # SQLAlchemy 1.4 does not know it
    from sqlalchemy.dialects import registry

    missing = [name for name in STAND_INS if importlib.util.find_spec(name) is None]
    for name in missing:
        keys, dialect = STAND_INS[name]
        for key in keys:
            registry.register(key, "sqlalchemy.dialects.postgresql.psycopg", dialect)
    return missing


def with_connection(work: Callable[[Any], None]) -> None:
    """Call a function with a connection made with a driver that is installed."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    for driver in ("psycopg", "psycopg2", "pg8000"):
        found = importlib.util.find_spec("sqlalchemy.dialects.postgresql." + driver)
        if found is not None and importlib.util.find_spec(driver) is not None:
            url = f"postgresql+{driver}://"
            with create_engine(url, poolclass=NullPool, future=True).connect() as connection:
                work(connection)
            return
    asyncio.run(_with_async_connection(work))


async def _with_async_connection(work: Callable[[Any], None]) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(work)
