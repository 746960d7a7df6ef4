"""Whose turn it is: told before every statement, with the line that sends it.

A part of driver.py: runs in the project's interpreter (Python 3.8 and later).
"""

from __future__ import annotations

import os
import sys
import weakref
from typing import Any


class Turn:
    """The revision whose function runs, heard of by SQLAlchemy's events on every engine."""

    def __init__(self, channel: Any) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        self._channel = channel
        self.revision, self.direction = "", "setup"
        self._files = frozenset([""])
        self._engines: weakref.WeakSet[Any] = weakref.WeakSet()
        event.listen(Engine, "engine_connect", lambda conn, *_: self._engines.add(conn.engine))
        event.listen(Engine, "before_cursor_execute", lambda *_: self.mark(self._line()))
        event.listen(Engine, "commit", lambda _: self.mark())
        event.listen(Engine, "rollback", lambda _: self.mark())

    def take(self, revision: str, direction: str, file: str = "") -> None:
        """Pass the turn to a revision, or to the environment where it has no name."""
        self.revision, self.direction = revision, direction
        self._files = frozenset([file, os.path.realpath(file)] if file else [""])
        self.mark()

    def mark(self, line: int | None = None) -> None:
        """Tell whose statement comes next and wait until that is known."""
        self._channel.send(
            event="mark", revision=self.revision, line=line, direction=self.direction
        )
        self._channel.receive()

    def _line(self) -> int | None:
        """The line of the innermost frame in the revision's file."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename in self._files:
                line: int = frame.f_lineno
                return line
            frame = frame.f_back
        return None

    def close_pools(self) -> None:
        """Close the connections that pools keep."""
        for engine in list(self._engines):
            if not getattr(engine.dialect, "is_async", False):
                engine.dispose()
