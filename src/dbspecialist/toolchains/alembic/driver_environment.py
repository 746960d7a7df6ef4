"""The project's migration environment: its env.py, or one of ours where that cannot be run.

A part of driver.py: runs in the project's interpreter (Python 3.8 and later).
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import driver_connect as redirection  # type: ignore[import-not-found]
from driver_channel import Channel  # type: ignore[import-not-found]
from driver_failures import in_one_line, sent, stub  # type: ignore[import-not-found]
from driver_offline import database_of, several  # type: ignore[import-not-found]
from driver_turn import Turn  # type: ignore[import-not-found]


class Captured(BaseException):
    """Ends env.py where it has named its metadata."""


class Environment:
    """Runs env.py with functions that say which steps there are."""

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

        context = EnvironmentContext(
            self.config, self.script, fn=work, **{"as_sql": False, **options}
        )
        self._watch_metadata(context)
        databases = self._watch_databases(context)
        with context:
            if run is not None:
                run()
                if len(databases) > 1:
                    self.channel.send(event="note", text=several(databases))
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

    def _watch_databases(self, context: Any) -> list[str]:
        """Run revisions for the first database of an env.py alone; return the names of all."""
        found: list[str] = []
        original = context.run_migrations

        def run_migrations(**named: Any) -> None:
            found.append(database_of(context, named))
            # Two transactions on one target would wait for each other's version table.
            if len(found) == 1:
                original(**named)

        context.run_migrations = run_migrations
        return found
