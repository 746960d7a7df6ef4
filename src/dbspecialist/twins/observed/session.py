"""One client's session through the observing proxy.

Whatever a client sends goes on to the twin, unchanged but for what `translation` has to write
otherwise; around each statement the proxy asks the same backend what it now holds. A statement
outside a transaction is wrapped in one, so that its locks can be read before they are released;
what cannot run inside a transaction is watched from a second session instead.
"""

from __future__ import annotations

import re
import time
from contextlib import nullcontext

from dbspecialist.engines.postgresql.script import split_script
from dbspecialist.facts.errors import InputError
from dbspecialist.twins.observed.extended import EXTENDED, Portals, closing, parameters
from dbspecialist.twins.observed.messages import (
    Channel,
    Closed,
    Message,
    query,
    ready,
    texts,
    with_text,
)
from dbspecialist.twins.observed.noted_rows import note_of_rows
from dbspecialist.twins.observed.relay import COMMITS_ITSELF, NEEDS_NO_TRANSACTION, Relay
from dbspecialist.twins.observed.witness import Outcome, Witness
from dbspecialist.twins.session_reset import TRACES

#: Statements that steer the session; they are never wrapped in a transaction.
_CONTROL = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*"
    r"(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|set|reset|show"
    r"|discard|listen|unlisten|deallocate|prepare|execute|declare|fetch|close)\b",
    re.IGNORECASE | re.DOTALL,
)

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
        self.leaves_traces = False  #: whether the server's session must not serve another client
        self.tags: set[str] = set()  #: of the commands that the client's statements were
        self._unseen = False
        self._portals = Portals()
        self._relay = Relay(client, server)

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
            elif message.type in EXTENDED:
                batch.append(message)
            elif message.type == b"S":
                self._extended([*batch, message])
                batch = []
            elif message.type == b"H":
                self._flush(batch)
                batch = []
            elif message.type == b"X":
                self.leaves_traces |= self._relay.status != b"I" or bool(batch)
                return
            else:
                self.server.send(message)

    # -- simple queries

    def _simple(self, text: str) -> None:
        pieces = _split(text) if ";" in text else [text]
        together = len(pieces) > 1 and self._relay.status == b"I"
        together = together and not any(_CONTROL.match(piece) for piece in pieces)
        if together:
            self._begin()
        for piece in pieces:
            outcome = self._one([query(piece)], piece, wrap=not together)
            if outcome.error:
                break
        if together:
            self._end()
        self.client.send(ready(self._relay.status))

    # -- extended queries

    def _extended(self, batch: list[Message]) -> None:
        sql = ";\n".join(self._portals.executed(batch))
        if sql:
            self._one(batch, sql, wrap=True)
        else:
            self.server.send(*self._translated(batch, Outcome()))
            self._relay.answers(Outcome())
        self.client.send(ready(self._relay.status))

    def _flush(self, batch: list[Message]) -> None:
        """Pass on what a client wants answered before its Sync, unobserved until then."""
        self._portals.executed(batch)
        self.tags.add("")  # what is executed here is passed on unread
        self.server.send(*self._translated(batch, Outcome()), Message(b"H", b""))
        wanted = sum(1 for message in batch if message.type in EXTENDED)
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
        wrapped = wrap and self._relay.status == b"I" and not control
        if wrapped:
            self._begin()
        elif self._unseen and not control:
            self._unseen = False
            self.witness.baseline(self._relay.ask(self._observe_all), fresh=False)
        outcome = Outcome()
        self._send_watched(messages, sql, outcome, hold=wrapped, inside=not wrapped)
        if wrapped and outcome.error and outcome.error.sqlstate in NEEDS_NO_TRANSACTION:
            self._relay.ask("ROLLBACK")
            return self._bare(messages, sql, commits=outcome.error.sqlstate == COMMITS_ITSELF)
        self.client.send(*outcome.held_back)
        outcome.parameters = parameters(messages)
        if control:
            self._after_control(outcome)
            if _sets(outcome):
                self.witness.statement(sql, outcome, None, inside=self._relay.status == b"T")
        else:
            self._note_rows(outcome)
            seen = self._relay.ask(self._observe_new) if self._relay.status == b"T" else None
            self.witness.statement(sql, outcome, seen, inside=not wrapped)
        if wrapped:
            self._end()
        return outcome

    def _send_watched(
        self, messages: list[Message], sql: str, outcome: Outcome, *, hold: bool, inside: bool
    ) -> None:
        """Send a statement; where the server ends the session, its last words are recorded."""
        try:
            self._send(messages, outcome, hold=hold)
        except Closed:
            if outcome.error:
                self.witness.statement(sql, outcome, None, inside=inside)
            raise

    def _unasked(self, messages: list[Message], sql: str, *, control: bool) -> Outcome:
        outcome = Outcome()
        inside = self._relay.status == b"T"
        self._send_watched(messages, sql, outcome, hold=False, inside=inside)
        if _sets(outcome) or not control:
            self.witness.statement(sql, outcome, None, inside=inside)
        return outcome

    def _bare(self, messages: list[Message], sql: str, *, commits: bool) -> Outcome:
        forgotten = closing(messages)
        outcome = Outcome()
        telling = self._relay.telling_transactions() if commits else nullcontext()
        with telling, self.witness.watching(self.backend):
            self._send([*forgotten, *messages], outcome, hold=bool(forgotten))
        self.client.send(*(item for item in outcome.held_back if item.type != b"3"))
        self._note_rows(outcome)
        self.witness.statement(sql, outcome, None, inside=False)
        self.witness.ended()
        return outcome

    def _send(self, messages: list[Message], outcome: Outcome, *, hold: bool) -> None:
        started = time.perf_counter()
        with self.witness.deadline(self.backend):
            self.server.send(*self._translated(messages, outcome))
            self._relay.answers(outcome, hold=hold)
        self.tags.update(outcome.tags)
        outcome.elapsed_ms = (time.perf_counter() - started) * 1000

    def _translated(self, messages: list[Message], outcome: Outcome) -> list[Message]:
        """Write the statements of messages as this database can run them."""

        def change(text: str) -> str:
            sent, note = self.witness.translated(text, self._relay.ask)
            outcome.tried_with = note or outcome.tried_with
            return sent

        return [with_text(message, change) for message in messages]

    # -- our own statements in between

    def _note_rows(self, outcome: Outcome) -> None:
        note = note_of_rows(outcome, self.witness.key)
        if note and self._relay.status != b"E":
            self._relay.ask(note)

    def _begin(self) -> None:
        self._relay.ask("BEGIN")
        if self.witness.asks:
            self.witness.baseline(self._relay.ask(self._observe_all), fresh=True)

    def _end(self) -> None:
        self._relay.ask("COMMIT" if self._relay.status == b"T" else "ROLLBACK")
        self.witness.ended()

    def _after_control(self, outcome: Outcome) -> None:
        if self._relay.status == b"T" and not outcome.error:
            if any(tag in {"BEGIN", "START TRANSACTION"} for tag in outcome.tags):
                # A query of ours now would be one before SET TRANSACTION, which refuses that.
                self._unseen = True
                self.witness.baseline(None, fresh=True)
            elif not self._unseen:
                self.witness.baseline(self._relay.ask(self._observe_all), fresh=False)
        elif self._relay.status == b"I":
            self._unseen = False
            self.witness.ended()


def _sets(outcome: Outcome) -> bool:
    return not outcome.error and outcome.tags[:1] in (["SET"], ["RESET"])


def _split(text: str) -> list[str]:
    """Split what a driver sent in one message; text that does not end what it begins stays."""
    try:
        return [item.sql for item in split_script(text)] or [text]
    except InputError:
        return [text]
