"""The runner of an Alembic project: its revisions up and down, in one driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.alembic.process import DriverProcess, place
from dbspecialist.toolchains.alembic.revision_file import Back
from dbspecialist.toolchains.base import MigrationFailed


class AlembicRunner:
    """Runs revisions in one driver; `notes` says with what, and what did not work.

    Args:
        driver: The program that runs them.
        back: Tells what a migration's way back is.
    """

    def __init__(self, driver: DriverProcess, back: Callable[[Migration], Back]) -> None:
        self._driver, self._back = driver, back

    @property
    def notes(self) -> tuple[str, ...]:
        """Which interpreter and environment ran, one sentence each."""
        return tuple(self._driver.notes)

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Run the migrations in one call of env.py, which decides on the transactions."""
        names = [item.revision for item in migrations]
        if names:
            self._driver.call({"command": "upgrade", "revisions": names}, names[0])

    def downgrade(self, migration: Migration) -> None:
        """Run one migration's downgrade function."""
        if self._back(migration) == "missing":
            raise MigrationFailed(migration.revision, "it has no downgrade function")
        command = {"command": "downgrade", "revisions": [migration.revision]}
        self._driver.call(command, migration.revision)

    def create_all(self, url: str | None = None) -> tuple[str, ...]:
        """Create the tables of env.py's `target_metadata`; return their names.

        Args:
            url: Another database than the runner's target.

        Raises:
            InputError: When env.py cannot be run or names no metadata.
            MigrationFailed: When the engine refuses a table.
        """
        command: dict[str, Any] = {"command": "create_all"}
        if url is not None:
            command["target"] = place(url)
        return tuple(self._driver.call(command, "target_metadata")["tables"])
