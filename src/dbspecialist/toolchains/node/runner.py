"""A runner that gives migrations to a driver in Node.js and marks what it sends."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.toolchains.node.packages import NodePackage, find_node
from dbspecialist.toolchains.node.process import (
    SECONDS,
    DriverGoneError,
    NodeProcess,
    TimedOutError,
    connection_of,
    failure,
    start_driver,
    translated,
)


class NodeRunner:
    """Keeps a driver running, and starts it anew after a migration that had to be ended.

    Args:
        script: The driver, which knows the commands `open`, `up` and `down`.
        seconds: How long one migration may run by itself.
    """

    def __init__(self, script: Path, root: Path, package: NodePackage, target: Target) -> None:
        self.script, self.root, self.package, self.target = script, root, package, target
        self.seconds = SECONDS
        self.notes: tuple[str, ...] = ()
        self.stack = contextlib.ExitStack()
        self._driver: NodeProcess | None = None
        self._begun = ""

    def options(self) -> dict[str, Any]:
        """What the driver is told with every command."""
        return {}

    def described(self, opened: dict[str, Any]) -> tuple[str, ...]:
        """Say what runs the migrations, from what the driver found."""
        return (f"Node.js {opened['node']}", str(opened["translator"]))

    def prepare(self) -> None:
        """Start the driver, so that what connecting does is done before the first migration.

        What hinders it is said of the first migration, which is then tried and fails.
        """
        with contextlib.suppress(MigrationFailed):
            self._open()

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Run the migrations' way up, in order."""
        self._run("up", migrations)

    def downgrade(self, migration: Migration) -> None:
        """Run one migration's way back."""
        self._run("down", [migration])

    def _run(self, what: str, migrations: Sequence[Migration]) -> None:
        if not migrations:
            return
        self._begun = migrations[0].revision
        files = [
            {"revision": item.revision, "path": str((self.root / item.path).resolve())}
            for item in migrations
        ]
        self._open()
        self._call({"do": what, "migrations": files})

    def _open(self) -> None:
        if self._driver is not None:
            return
        program = find_node()
        if program is None:
            raise MigrationFailed(self._begun, "node is not on PATH", unchecked=True)
        started = start_driver(program, self.script, self.package.folder, self.target.url)
        self._driver = self.stack.enter_context(started)
        folder, twin = str(self.package.folder), connection_of(self.target.url)
        opened = self._call({"do": "open", "folder": folder, "connection": twin})
        self.notes = self.described(opened)

    def close(self) -> None:
        """End the driver and every session of ours."""
        self._driver = None
        self.stack.close()

    def _call(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._driver is not None
        seconds = max(SECONDS, self.seconds) if command["do"] == "open" else self.seconds
        try:
            message = self._driver.call({**command, **self.options()}, self.answer, seconds)
        except (TimedOutError, DriverGoneError) as error:
            self.close()
            late = isinstance(error, TimedOutError)
            reason = f"not at its end after {seconds:g} s" if late else f"node ended: {error}"
            raise MigrationFailed(self._begun, reason, unchecked=True) from error
        if "failed" in message:
            if command["do"] == "open":
                self.close()
            raise failure({**message["failed"], "revision": self._begun})
        return dict(message["done"])

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer the driver: a mark, the beginning of a migration, or a file to translate."""
        if "begin" in question:
            self._begun = question["begin"]
        elif "mark" in question:
            self.target.mark(Mark(**question["mark"]))
        else:
            return translated(question["translate"])
        return {}
