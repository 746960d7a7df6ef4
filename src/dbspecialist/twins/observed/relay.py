"""The relay between a client and its backend, with questions of ours in between."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from dbspecialist.facts.effects import OUT_OF_TIME, EngineError
from dbspecialist.twins.observed.messages import Channel, Message, fields, first_value, query, texts
from dbspecialist.twins.observed.witness import Outcome

#: active_sql_transaction (CREATE INDEX CONCURRENTLY …) and invalid_transaction_termination
#: (a procedure that commits): the statement must run outside of a transaction.
COMMITS_ITSELF = "2D000"
NEEDS_NO_TRANSACTION = {"25001", COMMITS_ITSELF}

QUERY_CANCELED = "57014"
_CANCELLED = "canceling statement due to user request"

_QUIET = frozenset({b"1", b"2", b"3", b"n", b"T", b"t", b"N", b"S"})


class Relay:
    """Passes messages between a client and its backend; `status` is the backend's last one."""

    def __init__(self, client: Channel, server: Channel) -> None:
        self.client, self.server = client, server
        self.status = b"I"
        self._debugging = False

    @contextlib.contextmanager
    def telling_transactions(self) -> Iterator[None]:
        """Have the backend tell where each transaction begins, which only debugging output does.

        Source: PostgreSQL source, xact.c, ShowTransactionState.
        """
        was = self.ask("SELECT pg_catalog.current_setting('client_min_messages')") or b"notice"
        self.ask("SET client_min_messages = debug5")
        self._debugging = True
        yield
        self._debugging = False
        if self.status == b"I":
            self.ask(f"SET client_min_messages = {was.decode()}")

    def answers(self, outcome: Outcome, *, hold: bool = False) -> None:
        """Pass the server's answers on up to ReadyForQuery, which the caller sends."""
        while True:
            message = self.server.read()
            if message.type == b"Z":
                self.status = outcome.status = message.body
                return
            if _is_plan(message, outcome):
                continue
            if self._debugging and _is_debugging(message, outcome):
                continue
            if message.type == b"E":
                message = _without_cancel(message)
                told = fields(message)
                outcome.error = EngineError(told["C"], told["M"], told.get("D", ""))
                if hold and told["C"] in NEEDS_NO_TRANSACTION:
                    outcome.held_back.clear()
                    continue
            elif message.type == b"C":
                outcome.tags.append(next(texts(message.body)))
            if hold and (message.type in _QUIET):
                outcome.held_back.append(message)
                continue
            self.client.send(*outcome.held_back, message)
            outcome.held_back.clear()
            if message.type == b"G":
                self._copy_in()

    def ask(self, sql: str) -> bytes | None:
        """Run a statement of ours in the client's session and return its first value."""
        self.server.send(query(sql))
        value = None
        while True:
            message = self.server.read()
            if message.type == b"D":
                value = first_value(message)
            elif message.type == b"Z":
                self.status = message.body
                return value

    def _copy_in(self) -> None:
        """Pass COPY data from the client on to its end."""
        while True:
            message = self.client.read()
            self.server.send(message)
            if message.type in {b"c", b"f"}:
                return


def _without_cancel(message: Message) -> Message:
    """Tell of a time that is over where the engine speaks of a request: nobody made one."""
    told = fields(message)
    if told["C"] != QUERY_CANCELED or told["M"] != _CANCELLED:
        return message
    old, new = (f"M{text}\0".encode() for text in (_CANCELLED, OUT_OF_TIME))
    return replace(message, body=message.body.replace(old, new))


def _is_plan(message: Message, outcome: Outcome) -> bool:
    if message.type != b"N":
        return False
    told = fields(message)
    # A migration can RAISE INFO what it likes, but not from this source file.
    if told.get("F") != "auto_explain.c" or not told.get("M", "").startswith("duration: "):
        return False
    outcome.plans.append(told["M"].partition("plan:\n")[2])
    return True


def _is_debugging(message: Message, outcome: Outcome) -> bool:
    """Tell whether a message is the engine's word on its own work, which no client asked for."""
    if message.type != b"N":
        return False
    told = fields(message)
    if told.get("V") != "DEBUG":
        return False
    if told.get("F") == "xact.c" and told.get("M", "").startswith("StartTransaction("):
        outcome.begun.append(len(outcome.plans))
    return True
