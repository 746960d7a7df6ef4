"""The client library: an extra, so that who has no MySQL needs none."""

from __future__ import annotations

from typing import Any, TypeAlias

from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.errors import InputError

try:
    import pymysql
    from pymysql.connections import Connection as _Connection
    from pymysql.err import MySQLError
except ImportError as error:
    raise InputError(
        "PyMySQL is not installed", "MySQL and MariaDB", "pip install 'dbspecialist[mysql]'"
    ) from error

Connection: TypeAlias = "_Connection[Any]"  # generic in its stubs alone

__all__ = ["Connection", "MySQLError", "connect", "engine_error", "execute", "rows"]


def connect(**options: Any) -> Connection:
    """Open a connection in autocommit mode; text is utf8mb4.

    Raises:
        MySQLError: Where the server cannot be reached or refuses.
    """
    return pymysql.connect(
        **{"charset": "utf8mb4", "autocommit": True, "local_infile": False, **options}
    )


def rows(connection: Connection, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def execute(connection: Connection, statement: str) -> int:
    """Run a statement as it is written and return how many rows it changed."""
    with connection.cursor() as cursor:
        return int(cursor.execute(statement))


def engine_error(connection: Connection, error: MySQLError) -> EngineError:
    """Return the engine's refusal with its SQLSTATE, which the driver does not keep.

    Source: MySQL manual, "GET DIAGNOSTICS Statement".
    """
    number, message = (*error.args, "", "")[:2] if error.args else (0, str(error))
    if not isinstance(number, int) or not connection.open:
        return EngineError("08S01", str(message or number))
    state = _state(connection)
    return EngineError(state, str(message), f"error {number}")


def _state(connection: Connection) -> str:
    try:
        execute(connection, "GET DIAGNOSTICS CONDITION 1 @dbs_state = RETURNED_SQLSTATE")
        found = rows(connection, "SELECT @dbs_state")
    except MySQLError:  # the connection is lost: 08S01 is the state of that
        return "08S01"
    return str(found[0][0] or "HY000")
