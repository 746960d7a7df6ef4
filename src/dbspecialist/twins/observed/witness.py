"""What a session tells its observer: statements, and what came back for them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from dbspecialist.facts.effects import EngineError
from dbspecialist.twins.observed.messages import Message


@dataclass(slots=True)
class Outcome:
    """What came back for one statement."""

    tags: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    #: How many plans there were at the beginning of each transaction, where that is asked for.
    begun: list[int] = field(default_factory=list)
    error: EngineError | None = None
    tried_with: str = ""
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

    def translated(self, sql: str, ask: Callable[[str], bytes | None]) -> tuple[str, str]:
        """Return what is sent for a statement, and what of it is tried otherwise, or ""."""

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
