"""One Node.js process with a driver: asked and answered in step, and gone with its owner."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from dbspecialist.facts.effects import EngineError
from dbspecialist.toolchains.base import MigrationFailed
from dbspecialist.toolchains.node.typescript import to_commonjs
from dbspecialist.toolchains.node.typescript_tree import UntranslatableError
from dbspecialist.twins.confinement import confined
from dbspecialist.twins.folders import owned_folder
from dbspecialist.twins.processes import end_program, marked

#: How long one migration may run by itself, without the time of its observer.
SECONDS = 40.0

_DATABASE_URL = re.compile(r"^(postgres(ql)?|mysql|mariadb|mssql|mongodb(\+srv)?)://", re.I)

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class TimedOutError(Exception):
    """The driver did not answer in time and was ended."""


class DriverGoneError(Exception):
    """The driver ended by itself; the text holds its last words."""


def connection_of(url: str) -> dict[str, Any]:
    """Return what a driver needs to connect: host (the socket's folder), port, user, database."""
    parts = conninfo_to_dict(url)
    return {
        "host": str(parts.get("host", "")),
        "port": int(parts.get("port") or 5432),
        "user": str(parts.get("user") or "postgres"),
        "password": str(parts.get("password") or ""),
        "database": str(parts.get("dbname") or "postgres"),
    }


def environment(url: str) -> dict[str, str]:
    """Return the environment of a driver: ours with every database of it replaced by the twin."""
    parts = connection_of(url)
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PG") and not _DATABASE_URL.match(value)
    }
    own = {"PGHOST": parts["host"], "PGPORT": str(parts["port"]), "PGUSER": parts["user"]}
    return {**kept, **own, "PGDATABASE": parts["database"], "DATABASE_URL": url}


class NodeProcess:
    """A running driver; made by `start_driver`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: int,
        writer: int,
        words: Path,
        marked: Mapping[str, str],
    ) -> None:
        self._process, self._reader, self._writer, self._words = process, reader, writer, words
        self._marked = marked
        self._buffer = b""

    def call(
        self, command: Mapping[str, Any], answer: Answer, seconds: float = SECONDS
    ) -> dict[str, Any]:
        """Give a command and answer the driver's questions until it is done.

        Args:
            answer: Called with each question, and returns what is said in reply. The time it
                takes does not count, and a question `begin` starts the time anew.

        Raises:
            TimedOutError: When the driver itself takes longer than `seconds`.
            DriverGoneError: When it ends.
        """
        self._send(command)
        deadline = time.monotonic() + seconds
        while True:
            message = self._receive(deadline)
            if "done" in message or "failed" in message:
                return message
            asked = time.monotonic()
            self._send(answer(message))
            now = time.monotonic()
            deadline = now + seconds if "begin" in message else deadline + (now - asked)

    def _send(self, message: Mapping[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._writer, data) :]
        except BrokenPipeError as error:
            raise DriverGoneError(self._last_words()) from error

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._reader], [], [], left)[0]:
                self.close()
                raise TimedOutError
            chunk = os.read(self._reader, 1 << 20)
            if not chunk:
                raise DriverGoneError(self._last_words())
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def _last_words(self) -> str:
        lines = self._words.read_text(errors="replace").strip().splitlines()
        return next((line.strip() for line in reversed(lines) if "Error" in line), "no last words")

    def close(self) -> None:
        """End the driver and everything that it started."""
        end_program(self._process, self._marked)


@contextlib.contextmanager
def start_driver(program: str, script: Path, folder: Path, url: str) -> Iterator[NodeProcess]:
    """Run a driver in a project's folder; it and what it started end with the block."""
    from_driver, to_owner = os.pipe()
    from_owner, to_driver = os.pipe()
    told = marked(environment(url))
    with owned_folder("n") as scratch:
        words = scratch / "stderr"
        with words.open("wb") as log:
            process = subprocess.Popen(
                [program, str(script), str(to_owner), str(from_owner)],
                cwd=folder,
                env=told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(to_owner, from_owner),
                start_new_session=True,
                preexec_fn=confined(),  # noqa: PLW1509
            )
        os.close(to_owner)
        os.close(from_owner)
        driver = NodeProcess(process, from_driver, to_driver, words, told)
        try:
            yield driver
        finally:
            driver.close()
            os.close(from_driver)
            os.close(to_driver)


def translated(question: Mapping[str, str]) -> dict[str, Any]:
    """Answer a driver that asks for a module in CommonJS."""
    try:
        return {"code": to_commonjs(question["source"])}
    except UntranslatableError as error:
        return {"error": str(error)}


def failure(failed: Mapping[str, Any]) -> MigrationFailed:
    """Return the exception for what a driver reports as failed."""
    known = failed.get("error")
    error = EngineError(known["sqlstate"], known["message"], known["detail"]) if known else None
    reason = str(failed["message"])
    return MigrationFailed(
        str(failed["revision"]), reason, error, unchecked=bool(failed.get("unchecked"))
    )
