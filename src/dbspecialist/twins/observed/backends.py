"""The server's side of a proxy: backends, used again where a new one would be no different.

A backend that has served a client is warm, and its session is made a new one (`session_reset`).
What a new session alone would take up is looked out for.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.twins.observed.messages import Channel, Closed, Message, query, startup
from dbspecialist.twins.session_reset import DEFAULTS, reset_after

#: How many backends wait for a next client.
MOST_IDLE = 4

_DEFAULTS = query(DEFAULTS)


@dataclass(frozen=True)
class Backend:
    """A session of the server's, logged in.

    Args:
        channel: The way to it.
        process: Its process id.
        hello: What the client that it was made for asked for.
        greeting: What it answered, up to ReadyForQuery.
        defaults: The settings of roles and databases when it began.
    """

    channel: Channel
    process: int
    hello: Mapping[str, str]
    greeting: tuple[Message, ...]
    defaults: tuple[bytes, ...]


class Backends:
    """Opens backends of one server for one database and one role."""

    def __init__(self, server: Path, database: str, user: str) -> None:
        self._server, self._database, self._user = server, database, user
        self._idle: list[Backend] = []
        self._open: set[Channel] = set()
        self._lock = threading.Lock()
        self._closed = False

    def get(self, hello: Mapping[str, str]) -> Backend:
        """Return a backend for a client that says this; a new one unless one of that kind waits.

        Raises:
            Closed: Where the server lets nobody in; its words stand in the exception.
        """
        with self._lock:
            found = next((item for item in self._idle if item.hello == hello), None)
            if found is not None:
                self._idle.remove(found)
        if found is not None:
            if _answer(found.channel, _DEFAULTS) == found.defaults:
                return found
            self.end(found)
        return self._log_in(hello)

    def keep(self, backend: Backend, tags: Iterable[str]) -> None:
        """Make a backend's session a new one and keep it for the next client.

        Args:
            backend: One that is in no transaction.
            tags: Of the commands that it has run.
        """
        _answer(backend.channel, query(reset_after(tags)))
        with self._lock:
            keeps = not self._closed and len(self._idle) < MOST_IDLE
            if keeps:
                self._idle.append(backend)
        if not keeps:
            self.end(backend)

    def connect(self) -> Channel:
        """Open a connection to the server, on which nothing was said yet."""
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(self._server))
        except OSError as error:
            link.close()
            raise Closed from error
        channel = Channel(link)
        with self._lock:
            self._open.add(channel)
        return channel

    def end(self, backend: Backend) -> None:
        """End a backend and wait until it is gone: a database in use is no template."""
        with contextlib.suppress(Closed):
            backend.channel.send(Message(b"X", b""))
            while True:
                backend.channel.read()
        self.forget(backend.channel)

    def forget(self, channel: Channel) -> None:
        """Close a connection."""
        with self._lock:
            self._open.discard(channel)
        channel.close()

    def close(self) -> None:
        """End all backends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            served = self._open - {item.channel for item in idle}
        for backend in idle:
            self.end(backend)
        for channel in served:
            with contextlib.suppress(OSError):
                channel.link.shutdown(socket.SHUT_RDWR)

    def _log_in(self, hello: Mapping[str, str]) -> Backend:
        channel = self.connect()
        channel.send(startup({**hello, "user": self._user, "database": self._database}))
        greeting: list[Message] = []
        process = 0
        while not greeting or greeting[-1].type != b"Z":
            message = channel.read()
            greeting.append(message)
            if message.type == b"K":
                (process,) = struct.unpack("!I", message.body[:4])
            elif message.type == b"E":
                self.forget(channel)
                raise RefusedError(message)
        defaults = _answer(channel, _DEFAULTS)
        return Backend(channel, process, hello, tuple(greeting), defaults)


class RefusedError(Closed):
    """The server does not let a client in."""

    def __init__(self, answer: Message) -> None:
        super().__init__()
        self.answer = answer


def _answer(channel: Channel, asked: Message) -> tuple[bytes, ...]:
    """Ask something of ours and return the rows as they come."""
    channel.send(asked)
    rows = []
    while True:
        message = channel.read()
        if message.type == b"D":
            rows.append(message.body)
        elif message.type == b"Z":
            return tuple(rows)
