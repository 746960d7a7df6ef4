"""Runs a project's Alembic revisions in the project's interpreter, told by JSON lines.

Started as a script with the interpreter of the project: Python 3.8 and later, SQLAlchemy 1.4 and
later, Alembic 1.7 and later, and nothing of dbspecialist. Standard input holds commands and
acknowledgements, standard output marks and answers, one JSON object a line. What the project
prints goes to standard error. Before a statement is sent its mark is, and is acknowledged.
"""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

# Beside this file; its folder must not be where the project's own imports are looked for.
import driver_connect as redirection  # type: ignore[import-not-found]
from driver_channel import Channel  # type: ignore[import-not-found]
from driver_failures import (  # type: ignore[import-not-found]
    NotImportedError,
    failure,
    in_one_line,
    sent,
    stub,
)
from driver_origin import lead_away, refuse_strays  # type: ignore[import-not-found]
from driver_turn import Turn  # type: ignore[import-not-found]

sys.path.pop(0)


class Captured(BaseException):
    """Ends env.py where it has named its metadata."""


class Driver:
    """The project's migration environment, kept open between commands."""

    def __init__(self, channel: Channel, settings: dict[str, Any]) -> None:
        self.channel, self.settings = channel, settings
        self.turn = Turn(channel)
        self.own_environment = False
        self.began = False
        self.metadata: Any = None
        self.wants_metadata = False
        self.config = self._config()
        self._stub_what_does_not_import()
        from alembic.script import ScriptDirectory

        self.script = ScriptDirectory.from_config(self.config)

    def _config(self) -> Any:
        from alembic.config import Config

        settings = self.settings
        if settings["toml"]:
            config = Config(None, toml_file=settings["file"])
        else:
            config = Config(settings["file"], ini_section=settings["section"])
        config.set_main_option("script_location", settings["scripts"].replace("%", "%%"))
        config.cmd_opts = Namespace(x=[], cmd=(None, [], []), name=settings["section"], tag=None)
        return config

    # Revisions.

    def _stub_what_does_not_import(self) -> None:
        """Give a revision file that cannot be imported a module that says so when it is run."""
        from alembic import util

        original, known = util.load_python_file, self.settings["files"]

        def load(folder: Any, name: Any) -> Any:
            path = os.path.realpath(str(folder) + os.sep + str(name))
            try:
                return original(folder, name)
            except Exception as error:  # the project's own code may raise anything
                if path not in known:
                    raise
                return stub(known[path], in_one_line(error))

        util.load_python_file = load  # type: ignore[assignment]

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
        fits: list[bool] = []

        def work(rev: Any, _context: Any) -> Any:
            if fits and fits[-1]:  # env.py calls again, for another database
                text = "env.py runs the revisions for several databases; the first was run"
                self.channel.send(event="note", text=text)
                return ()
            self.began = True
            there = self.ancestors(_tuple(rev))
            needed = self.ancestors(revisions) - (set(revisions) if upward else set())
            over = there.intersection(revisions) if upward else self._above(there, revisions)
            fits.append(needed <= there and not over)
            return self.steps(revisions, upward) if fits[-1] else ()

        self.environment(work)
        if not fits or fits[-1]:
            return
        before = self.ancestors(revisions)
        self._stamp(before - set(revisions) if upward else before)
        self.environment(work)
        if not fits[-1]:
            raise RuntimeError("the version table does not keep what is written to it")

    def _above(self, there: set[str], revisions: list[str]) -> set[str]:
        parents = self.settings["parents"]
        return {name for name in there if set(parents.get(name, ())) & set(revisions)}

    def _stamp(self, applied: set[str]) -> None:
        parents = self.settings["parents"]
        below = {parent for name in applied for parent in parents.get(name, ())}
        heads = tuple(sorted(applied - below))

        def work(_rev: Any, _context: Any) -> Any:
            return self.script._stamp_revs(heads, ()) if heads else ()

        self.environment(work, purge=True)

    # The environment: the project's env.py, or one of our own where that cannot be run.

    def environment(self, work: Callable[[Any, Any], Any], **options: Any) -> None:
        """Run env.py with a function that says which steps there are."""
        self.turn.take("", "setup")
        self.began = False
        if not self.own_environment:
            try:
                self._in_context(work, self.script.run_env, options)
                return
            except (Exception, SystemExit) as error:
                # The project's own code may raise anything.
                if self.began or sent(error):
                    raise
                self._give_up_env(error)
        self._in_context(work, None, options)

    def _give_up_env(self, error: BaseException) -> None:
        self.own_environment = True
        text = f"env.py was not run ({in_one_line(error)}); the revisions ran with a plain"
        text += " environment, so that settings made in env.py do not count"
        self.channel.send(event="note", text=text)

    def _in_context(self, work: Any, run: Callable[[], None] | None, options: Any) -> None:
        from alembic.runtime.environment import EnvironmentContext

        context = EnvironmentContext(self.config, self.script, fn=work, as_sql=False, **options)
        self._watch_metadata(context)
        with context:
            if run is not None:
                run()
                return

            def migrate(connection: Any) -> None:
                context.configure(connection=connection, **self.settings["environment"])
                with context.begin_transaction():
                    context.run_migrations()

            redirection.with_connection(migrate)

    def _watch_metadata(self, context: Any) -> None:
        original = context.configure

        def configure(*positional: Any, **named: Any) -> Any:
            if self.wants_metadata:
                self.metadata = named.get("target_metadata")
                raise Captured
            return original(*positional, **named)

        context.configure = configure

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
        if self.metadata is None:
            raise ValueError("env.py names no target_metadata")
        refuse_strays(self.settings)
        found = self.metadata if isinstance(self.metadata, (list, tuple)) else [self.metadata]

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
            if command["command"] == "create_all":
                return {"event": "done", "tables": self.create_all()}
            self.run(command["revisions"], command["command"] == "upgrade")
            return {"event": "done"}
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
            answer: dict[str, Any] = failure(error)
            answer["revision"] = self.turn.revision
            gc.collect()  # a traceback may hold a connection, and the connection a lock
            return answer
        finally:
            self.turn.close_pools()


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
