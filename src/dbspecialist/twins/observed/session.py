"""One client's session through the observing proxy.

Whatever a client sends goes on unchanged to the twin; around each statement the proxy asks the
same backend what it now holds. A statement outside a transaction is wrapped in one, so that its
locks can be read before they are released; what cannot run inside a transaction is watched from
a second session instead.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.observed.backends import TRACES
from dbspecialist.twins.observed.messages import (
    Channel,
    Closed,
    Message,
    fields,
    first_value,
    query,
    ready,
    texts,
)

#: Statements that steer the session; they are never wrapped in a transaction.
_CONTROL = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*"
    r"(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|set|reset|show"
    r"|discard|listen|unlisten|deallocate|prepare|execute|declare|fetch|close)\b",
    re.IGNORECASE | re.DOTALL,
)

#: active_sql_transaction (CREATE INDEX CONCURRENTLY …) and invalid_transaction_termination
#: (a procedure that commits): the statement must run outside of a transaction.
_NEEDS_NO_TRANSACTION = {"25001", "2D000"}

_QUIET = frozenset({b"1", b"2", b"3", b"n", b"T", b"t", b"N", b"S"})
_EXTENDED = frozenset({b"P", b"B", b"D", b"E", b"C"})


@dataclass(slots=True)
class Outcome:
    """What came back for one statement."""

    tags: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    error: EngineError | None = None
    status: bytes = b"I"
    elapsed_ms: float = 0.0
    parameters: int = 0
    held_back: list[Message] = field(default_factory=list)


class Witness(Protocol):
    """What a session tells the observer."""

    @property
    def asks(self) -> bool:
        """Whether to ask the backend what each statement did."""

    @property
    def key(self) -> str:
        """What the twin's functions know the observer by."""

    def baseline(self, seen: bytes | None, *, fresh: bool) -> None:
        """Take note of what the backend held before the next statement."""

    def statement(self, sql: str, outcome: Outcome, seen: bytes | None, *, inside: bool) -> None:
        """Take note of a statement that ran and of what the backend holds now."""

    def ended(self) -> None:
        """Take note of the end of a transaction."""

    def watching(self, backend: int) -> AbstractContextManager[None]:
        """Watch a statement that runs outside of a transaction from a second session."""

    def deadline(self, backend: int) -> AbstractContextManager[None]:
        """Stop a statement that does not end."""


_OBSERVE = (
    "SELECT pg_catalog.jsonb_build_object("  # whatever functions a migration's search path holds
    "'seen', dbs_twin.observe({}, '{}'), 'settings', dbs_twin.timeouts())"
)


class Session:
    """Relays one client to one backend and observes each statement."""

    def __init__(self, client: Channel, server: Channel, witness: Witness, backend: int) -> None:
        self.client, self.server, self.witness, self.backend = client, server, witness, backend
        # Everything that the session holds, and what is new since it was last asked.
        self._observe_all = _OBSERVE.format("true", witness.key)
        self._observe_new = _OBSERVE.format("false", witness.key)
        self.status = b"I"
        self.leaves_traces = False  #: whether the server's session must not serve another client
        self._unseen = False
        self._prepared: dict[str, str] = {}
        self._portals: dict[str, str] = {}

    def run(self) -> None:
        """Serve the client until it takes its leave.

        Raises:
            Closed: Where the client or the server goes without a word.
        """
        batch: list[Message] = []
        while True:
            message = self.client.read()
            if message.type == b"Q":
                self._simple(next(texts(message.body)))
            elif message.type in _EXTENDED:
                batch.append(message)
            elif message.type == b"S":
                self._extended([*batch, message])
                batch = []
            elif message.type == b"H":
                self._flush(batch)
                batch = []
            elif message.type == b"X":
                self.leaves_traces |= self.status != b"I" or bool(batch)
                return
            else:
                self.server.send(message)

    # -- simple queries

    def _simple(self, text: str) -> None:
        pieces = _split(text) if ";" in text else [text]
        together = len(pieces) > 1 and self.status == b"I"
        together = together and not any(_CONTROL.match(piece) for piece in pieces)
        if together:
            self._begin()
        for piece in pieces:
            outcome = self._one([query(piece)], piece, wrap=not together)
            if outcome.error:
                break
        if together:
            self._end()
        self.client.send(ready(self.status))

    # -- extended queries

    def _extended(self, batch: list[Message]) -> None:
        sql = ";\n".join(self._executed(batch))
        if sql:
            self._one(batch, sql, wrap=True)
        else:
            self.server.send(*batch)
            self._relay(Outcome())
        self.client.send(ready(self.status))

    def _executed(self, batch: Sequence[Message]) -> list[str]:
        """Follow names from Parse over Bind to Execute."""
        executed = []
        for message in batch:
            names = texts(message.body)
            if message.type == b"P":
                name = next(names)
                self._prepared[name] = next(names)
            elif message.type == b"B":
                portal = next(names)
                self._portals[portal] = self._prepared.get(next(names), "")
            elif message.type == b"E":
                executed.append(self._portals.get(next(names), ""))
        return executed

    def _flush(self, batch: list[Message]) -> None:
        """Pass on what a client wants answered before its Sync, unobserved until then."""
        self._executed(batch)
        self.server.send(*batch, Message(b"H", b""))
        wanted = sum(1 for message in batch if message.type in _EXTENDED)
        while wanted:
            answer = self.server.read()
            self.client.send(answer)
            # Describe of a statement answers with `t` and then `T` or `n`.
            if answer.type in {b"1", b"2", b"3", b"n", b"T", b"C", b"I", b"s", b"E"}:
                wanted = 0 if answer.type == b"E" else wanted - 1

    # -- one statement

    def _one(self, messages: list[Message], sql: str, *, wrap: bool) -> Outcome:
        control = bool(_CONTROL.match(sql))
        self.leaves_traces |= TRACES.search(sql) is not None
        if not self.witness.asks:
            return self._unasked(messages, sql, control=control)
        wrapped = wrap and self.status == b"I" and not control
        if wrapped:
            self._begin()
        elif self._unseen and not control:
            self._unseen = False
            self.witness.baseline(self._ask(self._observe_all), fresh=False)
        outcome = Outcome()
        try:
            self._send(messages, outcome, hold=wrapped)
        except Closed:
            if outcome.error:  # the server's last words: it has ended the session
                self.witness.statement(sql, outcome, None, inside=not wrapped)
            raise
        if wrapped and outcome.error and outcome.error.sqlstate in _NEEDS_NO_TRANSACTION:
            self._ask("ROLLBACK")
            return self._bare(messages, sql)
        self.client.send(*outcome.held_back)
        outcome.parameters = self._parameters(messages)
        if control:
            self._after_control(outcome)
            if not outcome.error and outcome.tags[:1] in (["SET"], ["RESET"]):
                self.witness.statement(sql, outcome, None, inside=self.status == b"T")
        else:
            seen = self._ask(self._observe_new) if self.status == b"T" else None
            self.witness.statement(sql, outcome, seen, inside=not wrapped)
        if wrapped:
            self._end()
        return outcome

    def _unasked(self, messages: list[Message], sql: str, *, control: bool) -> Outcome:
        outcome = Outcome()
        inside = self.status == b"T"
        try:
            self._send(messages, outcome, hold=False)
        except Closed:
            if outcome.error:
                self.witness.statement(sql, outcome, None, inside=inside)
            raise
        sets = not outcome.error and outcome.tags[:1] in (["SET"], ["RESET"])
        if sets or not control:
            self.witness.statement(sql, outcome, None, inside=inside)
        return outcome

    def _bare(self, messages: list[Message], sql: str) -> Outcome:
        forgotten = [
            Message(b"C", b"S" + message.body[: message.body.index(b"\0") + 1])
            for message in messages
            if message.type == b"P" and message.body[:1] != b"\0"
        ]
        outcome = Outcome()
        with self.witness.watching(self.backend):
            self._send([*forgotten, *messages], outcome, hold=bool(forgotten))
        self.client.send(*(item for item in outcome.held_back if item.type != b"3"))
        self.witness.statement(sql, outcome, None, inside=False)
        self.witness.ended()
        return outcome

    @staticmethod
    def _parameters(messages: list[Message]) -> int:
        """Count the values of a batch's Bind messages."""
        found = 0
        for message in messages:
            if message.type == b"B":
                after = message.body.index(b"\0", message.body.index(b"\0") + 1) + 1
                (formats,) = struct.unpack_from("!H", message.body, after)
                found += struct.unpack_from("!H", message.body, after + 2 + 2 * formats)[0]
        return found

    def _send(self, messages: list[Message], outcome: Outcome, *, hold: bool) -> None:
        started = time.perf_counter()
        with self.witness.deadline(self.backend):
            self.server.send(*messages)
            self._relay(outcome, hold=hold)
        outcome.elapsed_ms = (time.perf_counter() - started) * 1000

    def _relay(self, outcome: Outcome, *, hold: bool = False) -> None:
        """Pass the server's answers on up to ReadyForQuery, which the caller sends."""
        while True:
            message = self.server.read()
            if message.type == b"Z":
                self.status = outcome.status = message.body
                return
            if self._is_plan(message, outcome):
                continue
            if message.type == b"E":
                told = fields(message)
                outcome.error = EngineError(told["C"], told["M"], told.get("D", ""))
                if hold and told["C"] in _NEEDS_NO_TRANSACTION:
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

    def _copy_in(self) -> None:
        """Pass COPY data from the client on to its end."""
        while True:
            message = self.client.read()
            self.server.send(message)
            if message.type in {b"c", b"f"}:
                return

    @staticmethod
    def _is_plan(message: Message, outcome: Outcome) -> bool:
        if message.type != b"N":
            return False
        told = fields(message)
        # A migration can RAISE INFO what it likes, but not from this source file.
        if told.get("F") != "auto_explain.c" or not told.get("M", "").startswith("duration: "):
            return False
        outcome.plans.append(told["M"].partition("plan:\n")[2])
        return True

    # -- our own statements in between

    def _begin(self) -> None:
        self._ask("BEGIN")
        if self.witness.asks:
            self.witness.baseline(self._ask(self._observe_all), fresh=True)

    def _end(self) -> None:
        self._ask("COMMIT" if self.status == b"T" else "ROLLBACK")
        self.witness.ended()

    def _after_control(self, outcome: Outcome) -> None:
        if self.status == b"T" and not outcome.error:
            if any(tag in {"BEGIN", "START TRANSACTION"} for tag in outcome.tags):
                # A query of ours now would be one before SET TRANSACTION, which refuses that.
                self._unseen = True
                self.witness.baseline(None, fresh=True)
            elif not self._unseen:
                self.witness.baseline(self._ask(self._observe_all), fresh=False)
        elif self.status == b"I":
            self._unseen = False
            self.witness.ended()

    def _ask(self, sql: str) -> bytes | None:
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


def _split(text: str) -> list[str]:
    """Split what a driver sent in one message; text that does not end what it begins stays."""
    try:
        return [item.sql for item in split_script(text)] or [text]
    except InputError:
        return [text]
