"""Runs a project's Alembic revisions in the project's interpreter, told by JSON lines.

Started as a script with the interpreter of the project: Python 3.8 and later, SQLAlchemy 1.4 and
later, Alembic 1.7 and later, and nothing of dbspecialist. Standard input holds commands and
acknowledgements, standard output marks and answers, one JSON object a line. What the project
prints goes to standard error. Before a statement is sent its mark is, and is acknowledged.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

# Beside this file; its folder must not be where the project's own imports are looked for.
import driver_connect as redirection  # type: ignore[import-not-found]
from driver_channel import Channel  # type: ignore[import-not-found]
from driver_environment import Captured, Environment  # type: ignore[import-not-found]
from driver_failures import (  # type: ignore[import-not-found]
    NotImportedError,
    failure,
    in_one_line,
    sent,
)
from driver_offline import (  # type: ignore[import-not-found]
    NeverRunError,
    keep_version_table,
    sending_text,
)
from driver_origin import lead_away, refuse_strays  # type: ignore[import-not-found]
from driver_revisions import read  # type: ignore[import-not-found]

sys.path.pop(0)


class Driver(Environment):  # type: ignore[misc]
    """The project's migration environment, kept open between commands."""

    def __init__(self, channel: Channel, settings: dict[str, Any]) -> None:
        super().__init__(channel, settings)
        self.as_text = False
        self.frozen = False

    def steps(self, revisions: list[str], upward: bool) -> Iterator[Any]:
        """Yield Alembic's steps, and take note whose turn it is."""
        from alembic.runtime.migration import MigrationStep

        for name in revisions:
            script = self.script.get_revision(name)
            module = script.module
            self.turn.take(name, "up" if upward else "down", module.__file__ or "")
            if not upward and not hasattr(module, "downgrade"):
                raise NotImportedError("it has no function downgrade")
            if upward:
                yield MigrationStep.upgrade_from_script(self.script.revision_map, script)
            else:
                yield MigrationStep.downgrade_from_script(self.script.revision_map, script)

    def ancestors(self, names: Any) -> set[str]:
        """The given revisions and all before them."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.settings["parents"].get(name, ()))
        return found

    def run(self, revisions: list[str], upward: bool) -> None:
        """Run revisions; the version table is set first where it says something else."""
        if self.as_text:
            self._run_as_text(revisions, upward)
            return
        fits: list[bool] = []

        def work(rev: Any, context: Any) -> Any:
            self.began = True
            if context.as_sql:  # env.py asks for text by itself
                return ()
            there = self.ancestors(_tuple(rev))
            needed = self.ancestors(revisions) - (set(revisions) if upward else set())
            over = there.intersection(revisions) if upward else self._above(there, revisions)
            fits.append(needed <= there and not over)
            return self.steps(revisions, upward) if fits[-1] else ()

        self.environment(work)
        if not fits:
            self._run_as_text(revisions, upward)
            return
        if fits[-1]:
            return
        before = self.ancestors(revisions)
        self._stamp(before - set(revisions) if upward else before)
        self.environment(work)
        if not fits[-1]:
            raise RuntimeError("the version table does not keep what is written to it")

    def _run_as_text(self, revisions: list[str], upward: bool) -> None:
        """Run revisions by the SQL text that env.py has Alembic write."""
        before = self.ancestors(revisions) - (set(revisions) if upward else set())

        def work(_rev: Any, context: Any) -> Any:
            self.began = True
            keep_version_table(context)
            return self.steps(revisions, upward)

        options = {"as_sql": True, "starting_rev": self._heads(before) or None}
        self.turn.take("", "setup")
        self.began = False
        try:
            sending_text(lambda: self._in_context(work, self.script.run_env, options))
        except (Exception, SystemExit) as error:
            if self.began or sent(error):
                raise
            said = in_one_line(error)
            raise NeverRunError(f"env.py runs no revision, and with --sql: {said}") from error
        if not self.began:
            raise NeverRunError("env.py does not call context.run_migrations()")
        if not self.as_text:
            self.as_text = True
            text = "env.py runs revisions with --sql alone: the text that it writes was sent"
            self.channel.send(event="note", text=text)

    def _above(self, there: set[str], revisions: list[str]) -> set[str]:
        parents = self.settings["parents"]
        return {name for name in there if set(parents.get(name, ())) & set(revisions)}

    def _heads(self, applied: set[str]) -> tuple[str, ...]:
        parents = self.settings["parents"]
        below = {parent for name in applied for parent in parents.get(name, ())}
        return tuple(sorted(applied - below))

    def _stamp(self, applied: set[str]) -> None:
        heads = self._heads(applied)

        def work(_rev: Any, _context: Any) -> Any:
            return self.script._stamp_revs(heads, ()) if heads else ()

        self.environment(work, purge=True)

    def create_all(self) -> list[str]:
        """Create the tables of env.py's `target_metadata` on the target; return their names."""
        self.turn.take("", "setup")
        self.wants_metadata, self.metadata = True, None
        try:
            self._in_context(lambda *_: (), self.script.run_env, {})
        except Captured:
            pass
        finally:
            self.wants_metadata = False
        captured: Any = self.metadata
        if captured is None:
            raise ValueError("env.py names no target_metadata")
        refuse_strays(self.settings)
        found = captured if isinstance(captured, (list, tuple)) else [captured]

        def create(connection: Any) -> None:
            for metadata in found:
                for schema in sorted({item.schema for item in metadata.tables.values()} - {None}):
                    quoted = schema.replace('"', '""')
                    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{quoted}"')
                metadata.create_all(connection)
            connection.commit()

        redirection.with_connection(create)
        return sorted(name for metadata in found for name in metadata.tables)

    # Commands.

    def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command and return its answer."""
        redirection.TARGET.update(command.get("target") or self.settings["target"])
        try:
            if command["command"] == "read":
                return {"event": "done", "files": [read(path) for path in command["files"]]}
            if command["command"] == "create_all":
                return {"event": "done", "tables": self.create_all()}
            self.run(command["revisions"], command["command"] == "upgrade")
            return {"event": "done"}
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
            answer: dict[str, Any] = failure(error)
            never = isinstance(error, NeverRunError)
            answer["revision"] = command["revisions"][0] if never else self.turn.revision
            answer["unchecked"] = answer["unchecked"] or never
            gc.collect()  # a traceback may hold a connection, and the connection a lock
            return answer
        finally:
            self.turn.close_pools()
            self._freeze(command["command"])

    def _freeze(self, command: str) -> None:
        """Leave what the project's modules made out of collections, which come after failures."""
        if not self.frozen and command != "read":
            self.frozen = True
            gc.collect()
            gc.freeze()


def _tuple(value: Any) -> tuple[Any, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def main() -> None:
    """Answer commands until standard input ends."""
    channel = Channel()
    settings = channel.receive()
    lead_away(settings)
    try:
        import alembic
        import sqlalchemy
    except ImportError as error:
        channel.send(event="unusable", reason=str(error))
        return
    redirection.TARGET.update(settings["target"])
    redirection.guard()
    missing = redirection.stand_in()
    try:
        driver = Driver(channel, settings)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        channel.send(event="unusable", reason=in_one_line(error))
        return
    python = ".".join(str(part) for part in sys.version_info[:2])
    versions = (
        f"Python {python}, Alembic {alembic.__version__}, SQLAlchemy {sqlalchemy.__version__}"
    )
    channel.send(event="ready", versions=versions, missing=missing)
    while True:
        channel.send(**driver.obey(channel.receive()))


if __name__ == "__main__":
    main()
