"""A history as it is listed: each revision with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbspecialist.facts.migration import Migration

#: `unknown` where no database tells.
State = Literal["applied", "changed", "pending", "unknown"]


@dataclass(frozen=True, slots=True)
class RevisionState:
    """One revision.

    Args:
        migration: The revision.
        state: Whether the database has it; `changed` where its file is another since.
        head: Whether no other follows it.
    """

    migration: Migration
    state: State
    head: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """The history of one project.

    Args:
        toolchain: Its name.
        folder: Where it lies.
        revisions: In running order.
        notes: What is to be known besides, one sentence each.
    """

    toolchain: str
    folder: str
    revisions: tuple[RevisionState, ...]
    notes: tuple[str, ...] = ()
