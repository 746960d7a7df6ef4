"""The driver's process: started, talked to in JSON lines, and ended with everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from dbspecialist.facts.effects import EngineError
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.base import Mark, MigrationFailed, Target
from dbspecialist.twins.closing import Closing
from dbspecialist.twins.confinement import confined
from dbspecialist.twins.processes import end_program, marked

_DRIVER = Path(__file__).with_name("driver.py")

#: How long the driver may be silent: a statement is ended by the twin's own time-out before.
SILENCE_SECONDS = 40.0
START_SECONDS = 60.0

#: Names under which projects look for their database. They are set to the target, so that no
#: other database is in reach of an env.py that insists on one.
_URL_NAMES = (
    "DATABASE_URL",
    "DATABASE_URI",
    "SQLALCHEMY_DATABASE_URL",
    "SQLALCHEMY_DATABASE_URI",
    "DB_URL",
    "POSTGRES_URL",
    "POSTGRES_DSN",
)


#: Names under which projects keep their database's password.
_PASSWORD = re.compile(r"(PG|POSTGRES|POSTGRESQL|DB|DATABASE|SQLALCHEMY)(_?\w+)?_?PASS(WORD|WD)?")


class UnusableError(Exception):
    """An interpreter with which the driver cannot run, and why."""


class DriverProcess(Closing):
    """One driver; a context manager that ends its process group.

    Args:
        python: The interpreter.
        folder: The working directory, from which `alembic` is called in the project.
        settings: What driver.py is told at its start.
        target: Where statements go.

    Raises:
        UnusableError: When the interpreter lacks what the driver needs.
    """

    def __init__(
        self, python: Path, folder: Path, settings: Mapping[str, Any], target: Target
    ) -> None:
        self.notes: list[str] = []
        self._target = target
        self._marked = marked(_environment(target.url))
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._process = subprocess.Popen(
                [str(python), str(_DRIVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                cwd=folder,
                env=self._marked,
                start_new_session=True,
                preexec_fn=confined(),  # noqa: PLW1509
            )
        except OSError as error:
            self._said.close()
            raise UnusableError(f"{python}: it cannot be started ({error.strerror})") from error
        self._buffer = b""
        try:
            self._send({**settings, "target": place(target.url)})
            self._begin(python)
        except BaseException:
            self.close()
            raise

    def _begin(self, python: Path) -> None:
        answer = self._receive(START_SECONDS)
        if answer is None or answer["event"] != "ready":
            reason = answer["reason"] if answer else self._last_words()
            raise UnusableError(f"{python}: {reason}")
        self.notes.append(f"revisions run with {answer['versions']} of {python}")
        if answer["missing"]:
            names = ", ".join(answer["missing"])
            self.notes.append(f"psycopg stands in where a driver is not installed: {names}")

    def close(self) -> None:
        """End the driver and whatever it started."""
        end_program(self._process, self._marked)
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

    def call(self, command: Mapping[str, Any], first: str = "") -> dict[str, Any]:
        """Give a command and pass on marks until it is answered.

        Args:
            command: For driver.py, see `Driver.obey` there.
            first: The revision that is named when the driver ends without a word.

        Raises:
            MigrationFailed: When a revision stops.
            InputError: When the project's environment stops before any revision.
        """
        if self._silent is not None:
            raise MigrationFailed(first, self._last_words(), unchecked=True)
        self._send(command)
        while True:
            answer = self._receive(SILENCE_SECONDS)
            if answer is None:
                raise MigrationFailed(first, self._last_words(), unchecked=True)
            if answer["event"] == "mark":
                mark = Mark(answer["revision"], answer["line"], answer["direction"])
                self._target.mark(mark)
                self._send({})
            elif answer["event"] == "note":
                self.notes.append(answer["text"])
            elif answer["event"] == "failed":
                raise _failed(answer, first)
            else:
                return answer

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the next read says what happened
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message; nothing where the driver has ended or stays silent."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.close()
                    self._silent = seconds
                    return None
                read = os.read(self._process.stdout.fileno(), 65536)
                if not read:
                    return None
                self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    _silent: float | None = None

    def _last_words(self) -> str:
        """Why the driver ended: the last line that it wrote."""
        if self._silent is not None:
            return f"it did nothing for {self._silent:.0f} s and was stopped"
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {self._process.returncode}"


def _failed(answer: Mapping[str, Any], first: str) -> Exception:
    """The exception that a driver's answer stands for."""
    if not answer["revision"] and not answer["sqlstate"]:
        todo = "run it as `alembic current` does and mend it"
        return InputError(
            f"it stopped before the first revision: {answer['reason']}", "env.py", todo
        )
    if not answer["sqlstate"]:
        return MigrationFailed(answer["revision"], answer["reason"], unchecked=answer["unchecked"])
    error = EngineError(answer["sqlstate"], answer["message"], answer["detail"])
    return MigrationFailed(answer["revision"] or first, error.message, error)


def place(url: str) -> dict[str, Any]:
    """Where a URL leads, in the words that all drivers know."""
    given = conninfo_to_dict(url)
    names = ("host", "port", "user", "password", "dbname")
    found: dict[str, Any] = {name: given[name] for name in names if given.get(name)}
    return {"user": "postgres", **found, "port": int(found.get("port", 5432))}


def _environment(url: str) -> dict[str, str]:
    """The project's environment with every name of a database set to the target."""
    here = place(url)
    names = {key: quote(str(value), safe="") for key, value in here.items()}
    # A host before the query satisfies validators; libpq lets the query's host win.
    plain = f"postgresql://{names['user']}@localhost:{names['port']}/{names['dbname']}"
    plain += f"?host={names['host']}"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PGPASSFILE", None)
    for name in environment:
        if _PASSWORD.fullmatch(name):
            environment[name] = "twin"  # the twin takes any; env.py may insist on one
    for name in (*_URL_NAMES, *(name for name in environment if _names_database(name))):
        scheme = environment.get(name, "").partition("://")[0]
        known = scheme if scheme.startswith("postgres") else "postgresql"
        environment[name] = known + plain.removeprefix("postgresql")
    environment.update(
        PGHOST=str(here["host"]),
        PGPORT=str(here["port"]),
        PGUSER=str(here["user"]),
        PGDATABASE=str(here["dbname"]),
    )
    return environment


def _names_database(name: str) -> bool:
    """Whether a variable of the caller's holds a PostgreSQL URL."""
    return os.environ.get(name, "").startswith(("postgres://", "postgresql://", "postgresql+"))
