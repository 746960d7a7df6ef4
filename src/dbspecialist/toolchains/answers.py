"""What a session answers to a script: rows as text, and what psql knows of the connection."""

from __future__ import annotations

from psycopg.pq.abc import PGconn, PGresult

from dbspecialist.engines.postgresql.script import Rows


def rows_of(result: PGresult) -> Rows:
    """Return the rows of a result, as text."""
    names = tuple(_text(result.fname(number)) or "" for number in range(result.nfields))
    values = tuple(
        tuple(_text(result.get_value(row, column)) for column in range(result.nfields))
        for row in range(result.ntuples)
    )
    return Rows(names, values, result.command_tuples or len(values))


def variables_of(connection: PGconn) -> dict[str, str]:
    """Return the variables that psql sets by itself when it connects.

    Source: PostgreSQL manual, "psql", "Variables".
    """
    name = _text(connection.parameter_status(b"server_version")) or ""
    return {
        "AUTOCOMMIT": "on",
        "DBNAME": _text(connection.db) or "",
        "ENCODING": _text(connection.parameter_status(b"client_encoding")) or "",
        "HOST": _text(connection.host) or "",
        "PORT": _text(connection.port) or "",
        "SERVER_VERSION_NAME": name,
        "SERVER_VERSION_NUM": str(connection.server_version),
        "USER": _text(connection.user) or "",
        "VERSION_NAME": name,
        "VERSION_NUM": str(connection.server_version),
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")
