"""Sessions of libpq's own, without what psycopg adds, which takes longer than all the rest."""

from __future__ import annotations

import select

import psycopg
from psycopg import pq
from psycopg.pq import DiagnosticField, ExecStatus, PollingStatus
from psycopg.pq.abc import PGconn, PGresult

from dbspecialist.facts.effects import EngineError
from dbspecialist.twins.session_reset import DEFAULTS

Defaults = tuple[tuple[bytes | None, ...], ...]


def connected(url: str) -> PGconn:
    """Open a connection.

    Raises:
        psycopg.OperationalError: Where the server lets nobody in.
    """
    connection = pq.PGconn.connect_start(url.encode())
    while (status := connection.connect_poll()) != PollingStatus.OK:
        if status == PollingStatus.FAILED:
            raise psycopg.OperationalError(connection.get_error_message())
        _wait(connection, select.POLLOUT if status == PollingStatus.WRITING else select.POLLIN)
    return connection


def execute(connection: PGconn, sql: str) -> PGresult:
    """Send statements by the simple protocol and return the last result, or that of a COPY.

    `exec_` would wait in C, where an interrupt is not heard until the statement ends.
    """
    connection.send_query(sql.encode())
    last: PGresult | None = None
    try:
        while (result := following(connection)) is not None:
            if last is None or last.status != ExecStatus.FATAL_ERROR:  # else: that it has gone
                last = result
            if result.status == ExecStatus.COPY_IN:
                break
            if result.status == ExecStatus.COPY_OUT:
                _drain(connection)
    except psycopg.OperationalError:
        connection.finish()
        if last is None:
            raise
    except BaseException:
        connection.finish()  # a statement is still running: nothing can follow it here
        raise
    assert last is not None
    return last


def defaults(connection: PGconn) -> Defaults:
    """Return the settings that a new session of any role would begin with."""
    result = execute(connection, DEFAULTS)
    return tuple(
        tuple(result.get_value(row, column) for column in range(result.nfields))
        for row in range(result.ntuples)
    )


def _drain(connection: PGconn) -> None:
    """Read what COPY TO STDOUT sends, to the end.

    Not in a call that waits: it would hold the interpreter, which our own proxy needs to send.
    """
    while (size := connection.get_copy_data(1)[0]) >= 0:
        if size == 0:
            _wait(connection)
            connection.consume_input()


def _wait(connection: PGconn, for_what: int = select.POLLIN) -> None:
    """Wait for a connection in one system call, in which an interrupt is heard."""
    waiting = select.poll()
    waiting.register(connection.socket, for_what)
    waiting.poll()


def following(connection: PGconn) -> PGresult | None:
    """Return the next result, or nothing after the last one."""
    if not connection.is_busy():
        return connection.get_result()
    while connection.is_busy():
        _wait(connection)
        try:
            connection.consume_input()
        except psycopg.OperationalError:
            break  # the connection is lost; the next result says so
    return connection.get_result()


def engine_error(result: PGresult, said: bytes) -> EngineError:
    """Return the engine's refusal, or what the library said of a lost connection."""

    def field(which: DiagnosticField) -> str:
        return (result.error_field(which) or b"").decode("utf-8", "replace")

    return EngineError(
        sqlstate=field(DiagnosticField.SQLSTATE),
        message=field(DiagnosticField.MESSAGE_PRIMARY) or said.decode("utf-8", "replace").strip(),
        detail=field(DiagnosticField.MESSAGE_DETAIL),
    )
