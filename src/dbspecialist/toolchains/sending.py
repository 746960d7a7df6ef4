"""Sending scripts to a target, one statement a call, in the transactions of a runner."""

from __future__ import annotations

import selectors
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, Self

import psycopg
from psycopg import pq
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, PollingStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.effects import EngineError
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target

#: How a runner wraps a script.
#: `each`: every statement is its own transaction unless the script says BEGIN (psql).
#: `transaction`: BEGIN before the script and COMMIT after it.
#: `implicit`: the whole script in one message of the simple query protocol. The server runs
#: several statements of one message in an implicit transaction block, which ends at the
#: message's end or at a COMMIT within ("Multiple Statements in a Simple Query", PostgreSQL
#: manual 54.2.2.1). Sent one by one for the marks, the same holds with a BEGIN wherever no
#: transaction is open, and none where the script is one statement. Left different: SAVEPOINT,
#: which an implicit block refuses.
Wrapping = Literal["each", "transaction", "implicit"]


class Sender:
    """One session with the target; a context manager that ends it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._session: PGconn | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.renew()

    def renew(self) -> None:
        """Go on in a new session, as a runner does that opens one for each script."""
        if self._session is not None:
            self._session.finish()
        self._session = None

    @property
    def _connection(self) -> PGconn:
        if self._session is None or self._is_closed:
            self._session = _connected(self._target.url)
        return self._session

    @property
    def _is_closed(self) -> bool:
        return self._session is not None and self._session.status == ConnStatus.BAD

    def run(
        self,
        revision: str,
        statements: Iterable[ScriptStatement],
        wrapping: Wrapping,
        direction: str = "up",
    ) -> None:
        """Send a script.

        Raises:
            MigrationFailed: At the first statement that the engine refuses; what is open then
                is rolled back.
        """
        script = tuple(statements)
        try:
            self._run(revision, script, wrapping, direction)
        finally:
            if not self._is_closed and not self._idle:
                self._send(Mark(revision, None, direction), "ROLLBACK")

    def _run(
        self, revision: str, script: tuple[ScriptStatement, ...], wrapping: Wrapping, direction: str
    ) -> None:
        ours = Mark(revision, None, direction)
        begins = wrapping == "transaction" or (wrapping == "implicit" and len(script) > 1)
        if begins and wrapping == "transaction":
            self._send(ours, "BEGIN")
        for statement in script:
            if begins and wrapping == "implicit" and self._idle:
                self._send(ours, "BEGIN")
            self._send(Mark(revision, statement.line, direction), statement.sql, statement.data)
        if not self._idle:
            if not begins:
                raise MigrationFailed(revision, "the script begins a transaction without a COMMIT")
            self._send(ours, "COMMIT")

    @property
    def _idle(self) -> bool:
        return self._connection.transaction_status == TransactionStatus.IDLE

    def run_together(self, scripts: Iterable[tuple[str, tuple[ScriptStatement, ...]]]) -> None:
        """Send several scripts in one transaction, as `(revision, statements)`.

        Raises:
            MigrationFailed: At the first statement that the engine refuses.
        """
        revision = ""
        try:
            for revision, statements in scripts:
                if self._idle:
                    self._send(Mark(revision), "BEGIN")
                for item in statements:
                    self._send(Mark(revision, item.line), item.sql, item.data)
            if not self._idle:
                self._send(Mark(revision), "COMMIT")
        finally:
            if not self._is_closed and not self._idle:
                self._send(Mark(revision), "ROLLBACK")

    def query(self, mark: Mark, sql: str) -> None:
        """Send one statement of the runner's own."""
        self._send(mark, sql)

    def _send(self, mark: Mark, sql: str, data: str | None = None) -> None:
        self._target.mark(mark)
        connection = self._connection
        result = _execute(connection, sql)
        if result.status == ExecStatus.COPY_IN:
            connection.put_copy_data((data or "").encode())
            connection.put_copy_end()
            while (following := _next(connection)) is not None:
                result = following
        if result.status in {ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE}:
            error = _engine_error(result, connection.error_message)
            raise MigrationFailed(mark.revision, error.message, error)


def _connected(url: str) -> PGconn:
    """Open a connection without what psycopg adds, which takes longer than all the rest.

    Raises:
        psycopg.OperationalError: Where the server lets nobody in.
    """
    connection = pq.PGconn.connect_start(url.encode())
    with selectors.DefaultSelector() as waiting:
        while (status := connection.connect_poll()) != PollingStatus.OK:
            if status == PollingStatus.FAILED:
                raise psycopg.OperationalError(connection.get_error_message())
            for_what = selectors.EVENT_READ
            if status == PollingStatus.WRITING:
                for_what = selectors.EVENT_WRITE
            waiting.register(connection.socket, for_what)
            waiting.select()
            waiting.unregister(connection.socket)
    return connection


def _execute(connection: PGconn, sql: str) -> PGresult:
    """Send statements by the simple protocol and return the last result, or that of a COPY.

    `exec_` would wait in C, where an interrupt is not heard until the statement ends.
    """
    connection.send_query(sql.encode())
    last: PGresult | None = None
    try:
        while (result := _next(connection)) is not None:
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


def _drain(connection: PGconn) -> None:
    """Read what COPY TO STDOUT sends, to the end.

    Not in a call that waits: it would hold the interpreter, which our own proxy needs to send.
    """
    with selectors.DefaultSelector() as waiting:
        waiting.register(connection.socket, selectors.EVENT_READ)
        while (size := connection.get_copy_data(1)[0]) >= 0:
            if size == 0:
                waiting.select()
                connection.consume_input()


def _next(connection: PGconn) -> PGresult | None:
    if not connection.is_busy():
        return connection.get_result()
    with selectors.DefaultSelector() as waiting:
        waiting.register(connection.socket, selectors.EVENT_READ)
        while connection.is_busy():
            waiting.select()
            try:
                connection.consume_input()
            except psycopg.OperationalError:
                break  # the connection is lost; the next result says so
    return connection.get_result()


def _engine_error(result: PGresult, said: bytes) -> EngineError:
    def field(which: DiagnosticField) -> str:
        return (result.error_field(which) or b"").decode("utf-8", "replace")

    return EngineError(
        sqlstate=field(DiagnosticField.SQLSTATE),
        message=field(DiagnosticField.MESSAGE_PRIMARY) or said.decode("utf-8", "replace").strip(),
        detail=field(DiagnosticField.MESSAGE_DETAIL),
    )
