"""A server's unix socket with an observer behind it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg

from dbspecialist.twins.folders import make_owned_folder
from dbspecialist.twins.observed.backends import Backend, Backends, RefusedError
from dbspecialist.twins.observed.messages import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    Channel,
    Closed,
    startup_parameters,
)
from dbspecialist.twins.observed.session import Session
from dbspecialist.twins.observed.witness import Witness

PORT = 5432


class Proxy:
    """Listens on a socket of its own and relays every session to one database and one role.

    Args:
        server: Path of the twin's socket.
        database: The database that every client gets, whatever it asks for.
        user: The role that every client gets.
        witness: Called once a session for the observer of that session.
    """

    def __init__(
        self, server: Path, database: str, user: str, witness: Callable[[], Witness]
    ) -> None:
        self.folder = make_owned_folder("p")
        self.database, self.user = database, user
        self._witness = witness
        self._clients: set[Channel] = set()
        self._closed = threading.Event()
        self._backends = Backends(server, database, user)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / f".s.PGSQL.{PORT}"))
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True, name="observing proxy").start()

    @property
    def url(self) -> str:
        """The libpq URL whose statements are observed."""
        return f"postgresql://{self.user}@/{self.database}?host={self.folder}&port={PORT}"

    def close(self) -> None:
        """End all sessions and remove the socket."""
        self._closed.set()
        # shutdown() wakes the thread that waits in accept(); close() alone does not on Linux.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for channel in tuple(self._clients):
            with contextlib.suppress(OSError):
                channel.link.shutdown(socket.SHUT_RDWR)
        self._backends.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(Channel(link),), daemon=True).start()

    def _serve(self, client: Channel) -> None:
        self._clients.add(client)
        try:
            hello = self._hello(client)
            if hello is not None:
                self._relay(client, self._backends.get(hello))
        except RefusedError as refused:
            with contextlib.suppress(Closed):
                client.send(refused.answer)
        except Closed:
            return
        except psycopg.OperationalError:
            if not self._closed.is_set():  # else: the server ends, and whoever watches there
                raise
        finally:
            self._clients.discard(client)
            client.close()

    def _relay(self, client: Channel, backend: Backend) -> None:
        try:
            client.send(*backend.greeting)
            session = Session(client, backend.channel, self._witness(), backend.process)
            session.run()
            if session.leaves_traces:
                self._backends.end(backend)
            else:
                self._backends.keep(backend, session.tags)
        except Closed:
            self._backends.forget(backend.channel)

    def _hello(self, client: Channel) -> dict[str, str] | None:
        """Read a client's startup packet; nothing for a request to cancel, which is passed on."""
        while True:
            message = client.read_startup()
            (code,) = struct.unpack("!I", message.body[:4])
            if code in {SSL_REQUEST, GSS_REQUEST}:
                client.link.sendall(b"N")
            elif code == CANCEL_REQUEST:
                server = self._backends.connect()
                server.send(message)
                self._backends.forget(server)
                return None
            else:
                return startup_parameters(message)
