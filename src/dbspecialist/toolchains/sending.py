"""Sending scripts to a target, one statement a call, in the transactions of a runner."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from dbspecialist.engines.postgresql.script import (
    NotOneRowError,
    Rows,
    ScriptStatement,
    run_script,
)
from dbspecialist.engines.postgresql.tokens import script_text
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.answers import rows_of, variables_of
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.toolchains.plain_sessions import (
    Defaults,
    connected,
    defaults,
    engine_error,
    execute,
    following,
)
from dbspecialist.twins.session_reset import TRACES, plain_reset, reset_after

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

_LEFT_OPEN = "the script begins a transaction without a COMMIT"


class Sender:
    """One session with the target; a context manager that ends it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._session: PGconn | None = None
        self._tags: set[str] = set()
        self._leaves_traces = False
        self._defaults: Defaults = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish()

    def renew(self) -> None:
        """Go on in a new session, as a runner does that opens one for each script."""
        if self._session is None or not self._is_made_new(self._session):
            self._finish()

    def _finish(self) -> None:
        if self._session is not None:
            self._session.finish()
        self._session = None

    def _is_made_new(self, session: PGconn) -> bool:
        """Make a session a new one; tell whether it is what a new one would be."""
        if self._is_closed or not self._idle or self._leaves_traces:
            return False
        tags, self._tags = self._tags, set()
        plain = plain_reset(tags)
        if self._target.watched and not plain:
            return False
        try:
            execute(session, plain or reset_after(tags))
            return bool(plain) or defaults(session) == self._defaults
        except psycopg.OperationalError:  # the server has ended it meanwhile
            return False

    @property
    def _connection(self) -> PGconn:
        if self._session is None or self._is_closed:
            self._session = connected(self._target.url)
            self._tags, self._leaves_traces = set(), False
            self._defaults = () if self._target.watched else defaults(self._session)
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
            mark = Mark(revision, statement.line or None, direction)
            self._send(mark, statement.sql, statement.data)
        if not self._idle:
            if not begins:
                raise MigrationFailed(revision, _LEFT_OPEN)
            self._send(ours, "COMMIT")

    def run_script(self, revision: str, path: Path, wrapping: Wrapping, direction: str) -> None:
        """Send a script that goes by what it is answered, as psql does.

        Raises:
            MigrationFailed: At the first statement that the engine refuses, or where the script
                asks for what is not run here.
        """
        ours = Mark(revision, None, direction)

        def send(statement: ScriptStatement) -> Rows:
            mark = Mark(revision, statement.line, direction)
            return rows_of(self._send(mark, statement.sql, statement.data))

        try:
            if wrapping == "transaction":
                self._send(ours, "BEGIN")
            run_script(script_text(path), path, variables_of(self._connection), send)
            if not self._idle:
                if wrapping != "transaction":
                    raise MigrationFailed(revision, _LEFT_OPEN)
                self._send(ours, "COMMIT")
        except InputError as error:
            unchecked = not isinstance(error, NotOneRowError)
            raise MigrationFailed(revision, str(error), unchecked=unchecked) from error
        finally:
            if not self._is_closed and not self._idle:
                self._send(ours, "ROLLBACK")

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
                    self._send(Mark(revision, item.line or None), item.sql, item.data)
            if not self._idle:
                self._send(Mark(revision), "COMMIT")
        finally:
            if not self._is_closed and not self._idle:
                self._send(Mark(revision), "ROLLBACK")

    def query(self, mark: Mark, sql: str) -> None:
        """Send one statement of the runner's own."""
        self._send(mark, sql)

    def _send(self, mark: Mark, sql: str, data: str | None = None) -> PGresult:
        self._target.mark(mark)
        connection = self._connection
        result = execute(connection, sql)
        self._leaves_traces |= TRACES.search(sql) is not None
        self._tags.add("" if ";" in sql[:-1] else (result.command_status or b"").decode())
        if result.status == ExecStatus.COPY_IN:
            connection.put_copy_data((data or "").encode())
            connection.put_copy_end()
            while (last := following(connection)) is not None:
                result = last
        if result.status in {ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE}:
            error = engine_error(result, connection.error_message)
            raise MigrationFailed(mark.revision, error.message, error)
        return result
