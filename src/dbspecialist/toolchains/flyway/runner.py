"""Running Flyway scripts in Flyway's sessions and transactions, with their callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.facts.migration import Migration
from dbspecialist.toolchains.base import Mark, MigrationFailed
from dbspecialist.toolchains.flyway.callbacks import AFTER, BEFORE, REPEATABLES, VERSIONED
from dbspecialist.toolchains.flyway.scripts import FlywayScript
from dbspecialist.toolchains.sending import Sender, Wrapping

if TYPE_CHECKING:
    from dbspecialist.toolchains.flyway.project import FlywayProject


class FlywayRunner:
    """Sends scripts in Flyway's transactions; Flyway's own version table is left alone."""

    def __init__(self, project: FlywayProject, sender: Sender, values: Mapping[str, str]) -> None:
        self._project, self._sender, self._values = project, sender, values

    def upgrade(self, migrations: Sequence[Migration]) -> None:
        """Send the scripts, each in a transaction of its own, or all in one with `group`.

        Programs are passed over. What callbacks around all migrations do is told with the first
        or the last of them.
        """
        names = [item.revision for item in migrations if not item.not_run]
        versioned = [name for name in names if not name.startswith("R__")]
        again = names[len(versioned) :]
        if not names:
            return
        self._call(names[0], BEFORE)
        self._send_all(versioned)
        self._call(versioned[-1] if versioned else names[0], VERSIONED)
        if again:
            self._call(again[0], REPEATABLES)
        self._send_all(again)
        self._call(names[-1], AFTER)

    def _send_all(self, names: Sequence[str]) -> None:
        scripts = [(name, self._project.script(name, self._values)) for name in names]
        if self._project.config.group and all(script.transactional for _, script in scripts):
            self._prepare()
            self._sender.run_together([(name, self._whole(script)) for name, script in scripts])
            return
        for revision, script in scripts:
            self._send(revision, script, "up")

    def _call(self, revision: str, events: Sequence[str]) -> None:
        """Run the callbacks of events, each in a session and a transaction of its own."""
        callbacks, read = self._project.callbacks, self._read
        for path in (path for event in events for path in callbacks.files.get(event, ())):
            self._prepare()
            wrapping: Wrapping = "transaction" if read(path).transactional else "each"
            self._sender.run(revision, callbacks.alone(path, read), wrapping)

    def _whole(self, script: FlywayScript) -> tuple[ScriptStatement, ...]:
        """Return a script's statements with those of the callbacks around them."""
        return self._project.callbacks.around(script.statements, self._read)

    def _read(self, path: Path) -> FlywayScript:
        return self._project.read(path, self._values)

    def downgrade(self, migration: Migration) -> None:
        """Send the undo script of a version."""
        if migration.not_run:
            raise MigrationFailed(migration.revision, migration.not_run, unchecked=True)
        version = self._project.scripts[migration.revision][0].version
        path = self._project.undo.get(version)
        if path is None:
            raise MigrationFailed(migration.revision, "there is no undo script (U…) for it")
        self._send(migration.revision, self._read(path), "down")

    def _send(self, revision: str, script: FlywayScript, direction: str) -> None:
        if script.conflict:
            raise MigrationFailed(revision, script.conflict)
        self._prepare()
        wrapping: Wrapping = "transaction" if script.transactional else "each"
        statements = self._whole(script) if direction == "up" else script.statements
        self._sender.run(revision, statements, wrapping, direction)

    def _prepare(self) -> None:
        """Begin as Flyway does: what a script set for its session is undone before the next."""
        config, setup = self._project.config, Mark("", None, "setup")
        self._sender.renew()
        if config.schema:
            quoted = '"' + config.schema.replace('"', '""') + '"'
            self._sender.query(setup, f"CREATE SCHEMA IF NOT EXISTS {quoted}")
            self._sender.query(setup, f'SET search_path = {quoted}, "$user", public')
        if config.first:
            self._sender.run("", [ScriptStatement(config.first, 1)], "each", "setup")
