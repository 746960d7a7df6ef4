"""Messages of PostgreSQL's frontend/backend protocol 3 (manual, "Message Formats")."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102


class Closed(Exception):  # noqa: N818 - an event, not a fault
    """The other side has gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type byte (`b""` for the startup packet) and its body."""

    type: bytes
    body: bytes

    def encode(self) -> bytes:
        """Return the message as it goes over the wire."""
        return self.type + struct.pack("!I", len(self.body) + 4) + self.body


class Channel:
    """A socket that gives whole messages."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._file = link.makefile("rb", buffering=65536)

    def read(self) -> Message:
        """Return the next message.

        Raises:
            Closed: At the end of the stream.
        """
        head = self._exactly(5)
        return Message(head[:1], self._exactly(struct.unpack("!I", head[1:])[0] - 4))

    def read_startup(self) -> Message:
        """Return the first packet of a session, which has no type."""
        length = struct.unpack("!I", self._exactly(4))[0]
        return Message(b"", self._exactly(length - 4))

    def send(self, *messages: Message) -> None:
        """Send messages in one write."""
        try:
            self.link.sendall(b"".join(message.encode() for message in messages))
        except OSError as error:
            raise Closed from error

    def close(self) -> None:
        """Close the socket."""
        self._file.close()
        self.link.close()

    def _exactly(self, size: int) -> bytes:
        try:
            data: bytes = self._file.read(size)
        except (OSError, ValueError) as error:
            raise Closed from error
        if len(data) < size:
            raise Closed
        return data


def query(sql: str) -> Message:
    """Return a simple query."""
    return Message(b"Q", sql.encode() + b"\0")


def with_text(message: Message, change: Callable[[str], str]) -> Message:
    """Return a Query or Parse whose statement is changed; others as they are."""
    if message.type not in {b"Q", b"P"}:
        return message
    start = message.body.index(b"\0") + 1 if message.type == b"P" else 0
    end = message.body.index(b"\0", start)
    text = message.body[start:end].decode(errors="surrogateescape")
    changed = change(text)
    if changed == text:
        return message
    written = changed.encode(errors="surrogateescape")
    return Message(message.type, message.body[:start] + written + message.body[end:])


def ready(status: bytes) -> Message:
    """Return ReadyForQuery with a transaction status (`I`, `T` or `E`)."""
    return Message(b"Z", status)


def startup(parameters: Mapping[str, str]) -> Message:
    """Return a startup packet of protocol 3.0."""
    pairs = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items())
    return Message(b"", struct.pack("!I", 196608) + pairs + b"\0")


def startup_parameters(message: Message) -> dict[str, str]:
    """Read the parameters of a startup packet."""
    parts = message.body[4:].rstrip(b"\0").decode().split("\0")
    return dict(zip(parts[::2], parts[1::2], strict=False))


def texts(body: bytes) -> Iterator[str]:
    """Yield the zero-terminated strings at the start of a body."""
    start = 0
    while (end := body.find(b"\0", start)) >= 0:
        yield body[start:end].decode(errors="replace")
        start = end + 1


def fields(message: Message) -> dict[str, str]:
    """Read the fields of an ErrorResponse or NoticeResponse by their type letter."""
    return {text[0]: text[1:] for text in texts(message.body) if text}


def first_value(row: Message) -> bytes | None:
    """Return the first column of a DataRow."""
    length: int = struct.unpack("!i", row.body[2:6])[0]
    return None if length < 0 else row.body[6 : 6 + length]
