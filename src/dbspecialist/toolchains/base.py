"""What a toolchain is: it finds its project, lists the history and runs it against a target.

A toolchain is one module (or package) in this folder with a function
`detect(root: Path) -> Project | None`. It is found by being there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.migration import Migration


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose statements come next: told to the observer before they are sent."""

    revision: str
    line: int | None = None
    direction: str = "up"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a runner sends its statements.

    Args:
        url: A libpq URL of the twin (unix socket); whatever is sent there is observed.
        mark: Called before a statement is sent, and returns before it may be sent.
        watched: Whether an observer is there, which has warm sessions of its own and records what
            is sent.
    """

    url: str
    mark: Callable[[Mark], None]
    watched: bool = True


class MigrationFailed(Exception):  # noqa: N818 - it is a fact of the migration
    """A migration stopped: refused by the engine (`error`) or by itself (`reason`).

    `unchecked` says that it was not, or not wholly, tried: its packages are not installed, or
    its time ran out.
    """

    def __init__(
        self,
        revision: str,
        reason: str,
        error: EngineError | None = None,
        unchecked: bool = False,
    ) -> None:
        self.revision, self.reason, self.error = revision, reason, error
        self.unchecked = unchecked
        super().__init__(f"{revision}: {reason}")


class Runner(Protocol):
    """Runs migrations as the toolchain's own runner would, transactions included."""

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Run the migrations' way up, in order.

        Raises:
            MigrationFailed: At the first that does not go through.
        """

    def downgrade(self, migration: Migration) -> None:
        """Run one migration's way back.

        Raises:
            MigrationFailed: When it does not go through or has no way back.
        """


class Project(Protocol):
    """One toolchain's history in a repository."""

    @property
    def name(self) -> str:
        """The toolchain's name, as `Migration.toolchain` has it."""

    @property
    def root(self) -> Path:
        """The repository's root, from which paths are told."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was passed over or done otherwise than asked, one sentence each."""

    def history(self) -> tuple[Migration, ...]:
        """All migrations in running order."""

    def applied(self, revisions: dict[str, tuple[str, ...]]) -> tuple[Migration, ...]:
        """Those that the version tables of a snapshot show as applied.

        Args:
            revisions: Rows of version tables, as `Snapshot.revisions` holds them.
        """

    def runner(self, target: Target) -> AbstractContextManager[Runner]:
        """Open a runner on a target; whatever it started ends with the block."""
