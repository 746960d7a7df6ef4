"""The extended query protocol: statements by their names, and the values sent with them.

Source: PostgreSQL manual, "Extended Query" and "Message Formats".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from dbspecialist.twins.observed.messages import Message, texts

#: Parse, Bind, Describe, Execute and Close.
EXTENDED = frozenset({b"P", b"B", b"D", b"E", b"C"})


class Portals:
    """The prepared statements and portals of a session, by the names that its client gave."""

    def __init__(self) -> None:
        self._prepared: dict[str, str] = {}
        self._portals: dict[str, str] = {}

    def executed(self, batch: Sequence[Message]) -> list[str]:
        """Return the statements that a batch executes: names are followed from Parse to Execute."""
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


def parameters(messages: list[Message]) -> int:
    """Count the values of a batch's Bind messages."""
    found = 0
    for message in messages:
        if message.type == b"B":
            after = message.body.index(b"\0", message.body.index(b"\0") + 1) + 1
            (formats,) = struct.unpack_from("!H", message.body, after)
            found += struct.unpack_from("!H", message.body, after + 2 + 2 * formats)[0]
    return found


def closing(messages: Sequence[Message]) -> list[Message]:
    """Return the messages that close the named statements of a batch, to prepare them again."""
    return [
        Message(b"C", b"S" + message.body[: message.body.index(b"\0") + 1])
        for message in messages
        if message.type == b"P" and message.body[:1] != b"\0"
    ]
